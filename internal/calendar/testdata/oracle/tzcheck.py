#!/usr/bin/python3
"""Is zoneinfo right through 2200? Its offsets against a plain reading of each file's POSIX footer,
and against zoneinfo's pure Python twin (C has its own code). Run with PYTHONTZPATH as for gen_zones.py."""
import os, re, sys, importlib
from datetime import datetime, timedelta, timezone, date
from zoneinfo import TZPATH, ZoneInfo
import zoneinfo._zoneinfo as pure
from gen_zones import ZONES

U = timezone.utc


def hms(s, default=None):
    if not s:
        return default
    sign = -1 if s[0] == "-" else 1
    p = [int(x) for x in s.lstrip("+-").split(":")] + [0, 0]
    return sign * (p[0] * 3600 + p[1] * 60 + p[2])


def footer(z):
    f = open(os.path.join(TZPATH[0], z), "rb").read().split(b"\n")[-2].decode()
    m = re.fullmatch(r"(<[^>]+>|[A-Za-z]+)([-+\d:]+)(?:(<[^>]+>|[A-Za-z]+)([-+\d:]*),M([\d.]+)(?:/([-+\d:]+))?,M([\d.]+)(?:/([-+\d:]+))?)?", f)
    assert m, f
    std = -hms(m[2])
    if not m[3]:
        return lambda t: std
    dst = -hms(m[4]) if m[4] else std + 3600

    def at(y, rule, time):
        mo, w, d = map(int, rule.split("."))
        first = date(y, mo, 1)
        day = first + timedelta(days=(d - (first.weekday() + 1)) % 7 + 7 * (w - 1))
        while day.month != mo:
            day -= timedelta(days=7)
        return datetime(day.year, day.month, day.day) + timedelta(seconds=hms(time, 7200))

    def off(t):
        y = t.year
        a, b = at(y, m[5], m[6]) - timedelta(seconds=std), at(y, m[7], m[8]) - timedelta(seconds=dst)
        return dst if (a <= t < b if a < b else not b <= t < a) else std
    return off


bad = 0
for z in ZONES:
    f, c, p = footer(z), ZoneInfo(z), pure.ZoneInfo.no_cache(z)
    y0 = 2089 if z in ("Africa/Casablanca", "Africa/El_Aaiun", "Asia/Gaza", "Asia/Hebron") else 2038  # spelt out before (Ramadan)
    t = datetime(y0, 1, 1)
    while t < datetime(2201, 1, 1):
        a = f(t)
        near = f(t - timedelta(days=1)) != f(t + timedelta(days=1)) or (t.month, t.day) in ((12, 31), (1, 1), (2, 29))
        b = t.replace(tzinfo=U).astimezone(c).utcoffset().total_seconds()
        d = t.replace(tzinfo=U).astimezone(p).utcoffset().total_seconds()
        if not a == b == d:
            bad += 1
            if bad < 20:
                print(z, t, "footer", a, "C", b, "pure", d)
        t += timedelta(minutes=30 if near else 720)
print("zones", len(ZONES), "differences", bad)
