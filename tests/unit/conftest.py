"""The fixtures of tests/unit/world.py."""

from tests.unit.world import key_folder, mbox_file, root_file, world

__all__ = ["key_folder", "mbox_file", "root_file", "world"]
