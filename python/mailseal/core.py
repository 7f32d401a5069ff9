"""The parts of the core that the subpackages build on; everything else has a class of its own in `mailseal`."""

from mailseal._core import Batch, MboxSplitter, __version__, explain, inspect, parse_date, table, tree

__all__ = ["Batch", "MboxSplitter", "__version__", "explain", "inspect", "parse_date", "table", "tree"]
