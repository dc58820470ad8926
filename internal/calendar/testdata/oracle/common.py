"""Shared by the generators: time formats and atomic output."""
import os
from datetime import datetime, timedelta

B = "%Y%m%dT%H%M%S"


def loc(t):  # naive wall time -> 20260301T143000
    return t.strftime(B) if t.year >= 1000 else "%04d" % t.year + t.strftime(B)[-11:]


def utc(t):  # naive datetime holding UTC -> 20260301T143000Z
    return loc(t) + "Z"


def write(name, header, rows):
    """Write a file whole or not at all, beside the generators."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    with open(path + ".tmp", "w") as f:
        for line in header.strip("\n").split("\n"):
            f.write(("# " + line).rstrip() + "\n")
        for r in rows:
            assert not any("\t" in c or "\n" in c for c in r)
            f.write("\t".join(r) + "\n")
    os.replace(path + ".tmp", path)
    print(name, len(rows), "rows", os.path.getsize(path), "bytes")
