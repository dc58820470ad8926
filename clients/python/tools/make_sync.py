"""Makes the package _sync of the package _aio, so that the logic is written once.

    python3 tools/make_sync.py           # writes src/switchyard/_sync
    python3 tools/make_sync.py --check   # fails if that would change anything
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "switchyard"
NOTE = "# Made by tools/make_sync.py: change _aio, and run it again.\n"
RULES = [
    (r"\basync (def|with|for) ", r"\1 "),
    (r"\bawait ", ""),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"\bimport asyncio\b", "import time"),
    (r"\b__aenter__\b", "__enter__"),
    (r"\b__aexit__\b", "__exit__"),
    (r"\baclose\b", "close"),
    (r"\ba(read|iter_bytes)\b", r"\1"),
    (r"\bhttpx\.Async(BaseTransport|Client)\b", r"httpx.\1"),
    (r"\bAsyncGenerator\[(\w+), None\]", r"Generator[\1, None, None]"),
    (r"\bAsync(Batch|Generator|Iterator|Job|Schedule|Switchyard|Transport)\b", r"\1"),
    (r"The client as coroutines\. .*(?=\"\"\")", "The client that blocks."),
]


def blocking(text: str) -> str:
    """Turns coroutines into functions that block."""
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text)
    return NOTE + text


def main(check: bool) -> int:
    stale = []
    for source in sorted((PACKAGE / "_aio").glob("*.py")):
        target = PACKAGE / "_sync" / source.name
        made = blocking(source.read_text())
        if target.exists() and target.read_text() == made:
            continue
        stale.append(target.name)
        if not check:
            target.write_text(made)
    if check and stale:
        print(f"_sync is older than _aio in {', '.join(stale)}: run python3 tools/make_sync.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
