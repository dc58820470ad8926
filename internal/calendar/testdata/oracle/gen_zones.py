#!/usr/bin/python3
"""zones.tsv: ticks in time zones through 2200, by brute force on UTC instants.

Only one thing is asked of zoneinfo: the offset in force at a UTC instant. A wall time is looked for
among all instants; if no instant shows it, it lies in a gap and is due at the first instant after.
Run with PYTHONTZPATH set to a folder with the zone files that Go embeds (its zoneinfo.zip, 2025c).
"""
import random
from calendar import isleap
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, TZPATH
from common import loc, utc, write

ZONES = """Europe/Berlin Europe/London Europe/Dublin Europe/Lisbon Europe/Chisinau Europe/Moscow America/New_York America/Los_Angeles
America/St_Johns America/Sao_Paulo America/Santiago America/Havana America/Nuuk America/Scoresbysund America/Asuncion America/Miquelon
America/Mexico_City America/Phoenix America/Caracas Antarctica/Troll Antarctica/Casey Asia/Gaza Asia/Hebron Asia/Jerusalem Asia/Beirut
Asia/Tehran Asia/Kolkata Asia/Kathmandu Asia/Tokyo Africa/Casablanca Africa/El_Aaiun Africa/Cairo Africa/Johannesburg Atlantic/Azores
Australia/Lord_Howe Australia/Sydney Australia/Adelaide Australia/Eucla Australia/Brisbane Pacific/Chatham Pacific/Apia Pacific/Norfolk
Pacific/Auckland Pacific/Easter Pacific/Kiritimati Pacific/Marquesas Pacific/Honolulu UTC""".split()
U, M, S = timezone.utc, timedelta(minutes=1), timedelta(seconds=1)
DOW = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


@lru_cache(maxsize=400000)
def wall(z, u):
    """The wall clock in zone z at the UTC instant u (both naive)."""
    return u + u.replace(tzinfo=U).astimezone(ZoneInfo(z)).utcoffset()


@lru_cache(maxsize=100000)
def transitions(z, year):
    """UTC instants at which the wall clock jumps, found by looking at every hour, then at every second of it."""
    out, t = [], datetime(year, 1, 1) - timedelta(days=1)
    while t < datetime(year + 1, 1, 2):
        n = t + timedelta(hours=1)
        if wall(z, n) - wall(z, t) != n - t:
            lo, hi = t, n  # one jump an hour: halve it
            while hi - lo > S:
                mid = lo + timedelta(seconds=int((hi - lo).total_seconds()) // 2)
                if wall(z, mid) - wall(z, lo) == mid - lo:
                    lo = mid
                else:
                    hi = mid
            out.append(hi)
        t = n
    return out


def instant(z, w):
    """The UTC instant at which wall time w is due."""
    shown, t = set(), w - timedelta(hours=20)
    while t <= w + timedelta(hours=20):  # every offset in force anywhere near
        shown.add(wall(z, t) - t)
        t += timedelta(minutes=15)
    hits = [w - o for o in shown if wall(z, w - o) == w]
    if hits:
        return min(hits)  # repeated: the first occurrence
    t = w - timedelta(hours=20)  # in a gap: the first instant showing a later time
    while wall(z, t) < w:
        t += M
    t -= M
    while wall(z, t) < w:
        t += S
    assert wall(z, t - S) < w < wall(z, t)
    return t


def field(text, lo, hi):
    if text == "*":
        return set(range(lo, hi + 1))
    out = set()
    for p in text.split(","):
        p, _, step = p.partition("/")
        a, b = (lo, hi) if p == "*" else (int(x) for x in (p.split("-") * 2)[:2])
        out |= set(range(a, b + 1, int(step or 1)))
    return out


def cron_walls(spec, day):
    mi, ho, dom, mo, dow = spec.split()
    assert dom == "*" or dow == "*"
    wd = {DOW.index(dow)} if dow in DOW else field(dow, 0, 6)
    if day.day in field(dom, 1, 31) and day.month in field(mo, 1, 12) and (day.weekday() + 1) % 7 in wd:
        for h in sorted(field(ho, 0, 23)):
            for m in sorted(field(mi, 0, 59)):
                yield datetime(day.year, day.month, day.day, h, m)


def by_wall(z, walls, after, n=4):
    """walls: rising wall times. Gap and overlap rule; two wall times due at one instant: one tick."""
    out = []
    for w in walls:
        if w < after - timedelta(hours=36):
            continue
        if len(out) >= n and w > wall(z, sorted(out)[n - 1]) + timedelta(hours=30):
            break
        u = instant(z, w)
        if u > after and u not in out:
            out.append(u)
    return sorted(out)[:n]


def daily(z, spec, after):
    day = datetime(after.year, after.month, after.day) - timedelta(days=2)
    return by_wall(z, (w for i in range(1500) for w in cron_walls(spec, day + timedelta(days=i))), after)


def hourly(z, spec, after):
    """Hour field admits all hours: every minute whose wall clock matches is due, whatever the clock does.
    Second result: what a gap that is no whole number of hours swallowed made up for at its end."""
    out, alt, t = [], [], after.replace(second=0) + M
    mi, ho, dom, mo, dow = spec.split()
    mins, doms, mos = field(mi, 0, 59), field(dom, 1, 31), field(mo, 1, 12)
    wds = {DOW.index(dow)} if dow in DOW else field(dow, 0, 6)
    ok = lambda w: w.minute in mins and w.day in doms and w.month in mos and (w.weekday() + 1) % 7 in wds
    while len(out) < 4 or len(alt) < 4:
        w, prev = wall(z, t), wall(z, t - M)
        gap = w - prev - M
        makeup = gap > 0 * M and gap.seconds % 3600 and any(ok(prev + M * (i + 1)) for i in range(int(gap / M)))
        if ok(w):
            out.append(t)
        if ok(w) or makeup:
            alt.append(t)
        t += M
    return out[:4], alt[:4]


def yearly_walls(st, interval, month=None, byday=None, stop=100):
    """FREQ=YEARLY;INTERVAL [;BYMONTH;BYDAY=nXX], read off day by day."""
    WD = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    for y in range(st.year, st.year + stop, interval):
        if byday is None:
            if (st.month, st.day) != (2, 29) or isleap(y):
                yield st.replace(year=y)
            continue
        n, wd = int(byday[:-2]), WD.index(byday[-2:])
        d = datetime(y, month, 1)
        hits = [d + timedelta(days=i) for i in range(31) if (d + timedelta(days=i)).month == month and (d + timedelta(days=i)).weekday() == wd]
        if abs(n) <= len(hits):
            w = datetime.combine(hits[n - 1 if n > 0 else n].date(), st.time())
            if w >= st:
                yield w


def main():
    R = random.Random(2200)
    assert len(TZPATH) == 1, TZPATH
    rows, seen = [], set()

    def add(kind, spec, z, after, got, alt="-"):
        if (spec, z, after) in seen or len(got) < 4:
            return
        seen.add((spec, z, after))
        rows.append([kind, spec, z, utc(after), ",".join(map(utc, got)), alt])

    def hour_row(spec, z, after):
        a, b = hourly(z, spec, after)
        add("cron", spec, z, after, a, "-" if a == b else ",".join(map(utc, b)))

    # 1. New Year of every leap year 2040..2200 and of the year after, in some zones each.
    for y in range(2040, 2201):
        if not isleap(y) and R.random() < 0.75:
            continue
        for z in R.sample(ZONES, 5):
            after = datetime(y, 12, R.choice([29, 30, 31]), R.randrange(24), R.randrange(60), R.choice([0, 0, 59]))
            if R.random() < 0.3:  # the leap year's beginning
                after = datetime(y - 1, 12, R.choice([30, 31]), R.randrange(24), R.randrange(60))
            k = R.random()
            if k < 0.5:
                spec = "%d %d * * *" % (R.randrange(60), R.choice([0, 0, 23, R.randrange(24)]))
                add("cron", spec, z, after, daily(z, spec, after))
            elif k < 0.7:
                spec = R.choice(["0 0 31 12 *", "0 0 1 1 *", "59 23 31 12 *", "30 12 30-31 12 *", "0 0 1,31 1,12 *"])
                add("cron", spec, z, after, daily(z, spec, after))
            else:
                hour_row("%d * * * *" % R.randrange(60), z, datetime(y, 12, 31, R.randrange(24), 30) if R.random() < 0.7 else after)
    # 2. Clock changes: specs in, at the edges of and around gaps and overlaps.
    moving = [z for z in ZONES if transitions(z, 2027)]
    print("zones whose clock moves in 2027:", len(moving))
    for i in range(len(moving) * 22):
        z = moving[i % len(moving)]
        y = R.choice([2026, 2027, R.randint(2026, 2037), R.randint(2037, 2090), R.randint(2090, 2200), 2100, 2096, 2200])
        if z in ("Africa/Casablanca", "Africa/El_Aaiun"):
            y = R.randint(2026, 2087)
        trs = [t for t in transitions(z, y) if t.year == y]
        if not trs:
            continue
        tr = R.choice(trs)
        before, at = wall(z, tr - S) + S, wall(z, tr)  # the wall clock would show `before`, shows `at`
        lo, hi = min(before, at), max(before, at)      # the gap or the repeated span is [lo, hi)
        span = int((hi - lo) / M)
        w = lo + M * R.choice([0, R.randrange(span), R.randrange(span), R.randrange(span), span - 1, span, span + R.randrange(60), -1, -R.randrange(1, 60)])
        after = tr + timedelta(seconds=R.choice([-86400 * 2, -86400, -86400, -7200, -3600, -1800, -1, 0, 1, 1800, 3600, -R.randrange(90000), R.randrange(7200)]))
        k = R.random()
        if k < 0.45:
            spec = "%d %d * * *" % (w.minute, w.hour)
        elif k < 0.55:
            spec = "%d %d * * %s" % (w.minute, w.hour, DOW[(w.weekday() + 1) % 7])
        elif k < 0.60:
            spec = "%d %d %d %d *" % (w.minute, w.hour, w.day, w.month)
            after = tr - timedelta(days=R.choice([1, 300]))
            add("cron", spec, z, after, daily(z, spec, after))
            continue
        elif k < 0.80:  # several ticks in the gap or the repeated span; not all 24 hours
            a, b = sorted([max(0, w.hour - R.randint(0, 2)), min(23, w.hour + R.randint(0, 2))])
            hours = R.choice(["%d-%d" % (a, b), "%d,%d" % (a, b), "*/2", "0-22", "1-23"])
            mins = R.choice(["0", "*/15", "*/20", "30", "5,35", str(w.minute)])
            spec = "%s %s * * *" % (mins, hours)
            if after < tr - timedelta(hours=3):
                after = tr - timedelta(seconds=R.randrange(1, 10000))
        else:
            if after < tr - timedelta(hours=3):
                after = tr - timedelta(seconds=R.randrange(1, 10000))
            hour_row("%s %s * * %s" % (R.choice([str(w.minute), str(w.minute), "0", "30", "*/20", "*/30", "*"]),
                                       R.choice(["*", "*", "*", "*/1", "0-23"]),
                                       R.choice(["*", "*", "*", "*", DOW[(w.weekday() + 1) % 7]])), z, after)
            continue
        add("cron", spec, z, after, daily(z, spec, after))
    for i in range(40):  # Lord Howe's half hour, hour `*` and not
        z = "Australia/Lord_Howe"
        tr = R.choice(transitions(z, R.randint(2026, 2200)))
        after = tr - timedelta(seconds=R.randrange(-60, 9000))
        m = R.choice(["0", "10", "15", "29", "30", "31", "45", "*/15", "*/20"])
        if i % 2:
            hour_row(m + " * * * *", z, after)
        else:
            spec = m + R.choice([" 1,2 * * *", " 0-22 * * *", " 2 * * *"])
            add("cron", spec, z, after, daily(z, spec, after))
    # 3. Yearly rules: DTSTART 31 December (and others on change days), decades later.
    for i in range(320):
        z = R.choice(ZONES)
        y = R.randint(1990, 2100)
        iv = R.choice([1, 1, 1, 2, 3, 4])
        if i < 200:
            st = datetime(y, 12, 31, R.choice([0, 12, 23, R.randrange(24)]), R.choice([0, 30, 59]))
            if R.random() < 0.15:
                st = datetime(y // 4 * 4 if y // 4 * 4 != 2100 else 2096, 2, 29, R.randrange(24))
            walls, rule = yearly_walls(st, iv, stop=210), "FREQ=YEARLY"
        else:
            z = R.choice(moving)
            trs = [t for t in transitions(z, R.randint(2026, 2086))]
            if not trs:
                continue
            tr = R.choice(trs)
            a, b = wall(z, tr - S) + S, wall(z, tr)
            w = min(a, b) + M * R.choice([0, 15, 30, 45])
            n = (w.day - 1) // 7 + 1
            last = (w + timedelta(days=7)).month != w.month
            bd = ("-1" if last else str(n)) + ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][w.weekday()]
            st = w.replace(year=R.randint(2020, 2026), month=1, day=1)
            walls, rule = yearly_walls(st, iv, w.month, bd, stop=210), "FREQ=YEARLY;BYMONTH=%d;BYDAY=%s" % (w.month, bd)
        if iv > 1:
            rule += ";INTERVAL=%d" % iv
        after = datetime(R.randint(st.year, 2196), R.choice([1, 6, 12, 12]), R.choice([1, 30]), R.randrange(24), R.randrange(60))
        if after.year + 4 * iv > st.year + 205:
            continue
        add("rrule", "DTSTART=%s;RRULE=%s" % (loc(st), rule), z, after, by_wall(z, walls, after))
    write("zones.tsv", """
Cron specs and yearly rules in time zones, 2026..2204; ticks by brute force over UTC instants with zoneinfo's offsets (zone files of Go 1.26's zoneinfo.zip, 2025c).
Made by gen_zones.py. zoneinfo checked against an own reading of the POSIX footers, 2038..2200, by tzcheck.py.
Columns: kind cron|rrule | spec (5 fields; or DTSTART=<wall>;RRULE=<value>) | zone | after (UTC) | first 4 ticks strictly after (UTC) | alt
Wall time in a gap: due once at the first instant after it. Repeated: first occurrence only. Hour field `*`, `*/1`, `0-23`: every minute whose wall clock matches.
alt: "-", or, where a gap is no whole number of hours (Lord Howe's half hour) and swallows a tick of an hour-`*` spec, the ticks if that
 is made up for at the gap's end (the column before does not make up). The spec text decides ("whole hours nothing is made up for"): either column may be right.
""", rows)


if __name__ == "__main__":
    main()
