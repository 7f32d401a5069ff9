"""Whole-task benches and the corpus that they run on."""
