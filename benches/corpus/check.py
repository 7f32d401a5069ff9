from pathlib import Path
def check(folder: Path, count: int) -> int:
    return 0
