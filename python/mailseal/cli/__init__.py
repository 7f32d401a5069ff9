"""The command line (extra `cli`): each verb is a thin caller of the public API."""
