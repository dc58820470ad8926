#!/usr/bin/python3
"""cron_celery.tsv: what Celery 5.2.6 makes of a crontab.

Celery parses each field into a set (crontab.minute, .hour, ...) and a minute is due
iff it lies in ALL FIVE sets; that is read off here day by day, so neither Celery's
own search for the next time nor any calendar shortcut takes part.
"""
import random
from datetime import date, datetime, timedelta
from celery.schedules import crontab
from common import utc, write

R = random.Random(20261125)
YEARS = 90
DOW = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
FULL = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]


def case(s):
    return R.choice([s, s.upper(), s.title()])


def num(v, kind):
    if kind == "dow" and R.random() < 0.5:
        return case(R.choice([DOW, FULL])[v])
    return str(v)


def part(lo, hi, kind):
    n = hi - lo + 1
    k = R.random()
    a, b = R.randint(lo, hi), R.randint(lo, hi)
    if k < 0.40:
        return num(a, kind)
    if k < 0.65:  # half of these wrap (a > b)
        return num(a, kind) + "-" + num(b, kind)
    if k < 0.82:
        return num(a, kind) + "-" + num(b, kind) + "/" + str(R.randint(1, max(2, n // 2)))
    return "*/" + str(R.choice([2, 3, 4, 5, 6, 7, R.randint(2, n)]))


def field(lo, hi, kind, star):
    if R.random() < star:
        return "*"
    return ",".join(part(lo, hi, kind) for _ in range(R.choice([1, 1, 1, 2, 3])))


def ticks(c, start, n):
    """The first n minutes strictly after start that lie in all five sets."""
    out, day, end = [], start.date(), start.date() + timedelta(days=YEARS * 365 + YEARS // 4)
    hm = [(h, m) for h in sorted(c.hour) for m in sorted(c.minute)]
    while day <= end:
        if (day.month in c.month_of_year and day.day in c.day_of_month
                and (day.weekday() + 1) % 7 in c.day_of_week):
            for h, m in hm:
                t = datetime(day.year, day.month, day.day, h, m)
                if t > start:
                    out.append(t)
                    if len(out) == n:
                        return out
        day += timedelta(days=1)
    return out


rows, seen = [], set()


def add(both, want):
    made = 0
    while made < want:
        mi = field(0, 59, "", 0.15)
        ho = field(0, 23, "", 0.2)
        mo = field(1, 12, "", 0.4)
        if both:
            dom, dow = field(1, 31, "", 0), field(0, 6, "dow", 0)
        else:  # one of the day fields free, or both
            dom, dow = R.choice([("*", field(0, 6, "dow", 0)), (field(1, 31, "", 0), "*"), ("*", "*"),
                                 ("*/1", field(0, 6, "dow", 0)), (field(1, 31, "", 0), "*/1")])
        spec = " ".join([mi, ho, dom, mo, dow])
        if spec in seen:
            continue
        seen.add(spec)
        c = crontab(minute=mi, hour=ho, day_of_month=dom, month_of_year=mo, day_of_week=dow)
        start = datetime(2020, 1, 1) + timedelta(seconds=R.randrange(90 * 365 * 86400))
        k = R.random()
        if k < 0.3:  # just before, at or just after a midnight of a year's end, month's end
            start = datetime(R.randint(2020, 2109), R.choice([1, 1, 2, 3, 3, 12]), 1) + timedelta(
                seconds=R.choice([-60, -1, 0, 1]))
        t = ticks(c, start, 6)
        if not t:
            continue  # e.g. 31 February: Celery never answers
        if k > 0.85:  # start exactly on a tick: strictly after means the next one
            start = t[0]
            t = ticks(c, start, 6)
            if not t:
                continue
        rows.append([spec, utc(start), ",".join(utc(x) for x in t), "both" if both else "one"])
        made += 1


def add_sparse(want):
    """Years between ticks: the ends of February and of months, one weekday, one time."""
    made = 0
    while made < want:
        spec = "%d %d %s %s %s" % (R.randrange(60), R.randrange(24), R.choice(["29", "30", "31", "29-31", "28-29", "31-1/2"]),
                                   R.choice(["2", "2", "2", "2,4", "6-11/5", "12-2/2", "4"]), num(R.randint(0, 6), "dow"))
        mi, ho, dom, mo, dow = spec.split()
        c = crontab(minute=mi, hour=ho, day_of_month=dom, month_of_year=mo, day_of_week=dow)
        start = datetime(R.choice([2026, 2060, 2088, 2095, 2099, 2110]), R.randint(1, 12), R.randint(1, 28))
        t = ticks(c, start, 6)
        if t and spec not in seen:
            seen.add(spec)
            rows.append([spec, utc(start), ",".join(map(utc, t)), "both"])
            made += 1


add(True, 700)
add(False, 600)
add_sparse(100)
write("cron_celery.tsv", """
Celery 5.2.6 crontabs (dialect celery: both day fields must match), zone UTC.
Made by gen_cron_celery.py: fields parsed by celery.schedules.crontab, ticks by brute force over days on its sets.
Columns: spec (minute hour dom month dow) | start | ticks: the first 6 strictly after start, comma separated;
 fewer than 6: no more within 90 years of start (32,872 days) | "both" day fields restricted, or "one" (at least one of them * or */1).
Ranges that wrap with a step step THROUGH the wrap over the field's full circle (dom 25-5/3 = 25,28,31,3; hour 22-3/2 = 22,0,2).
Excluded: crontabs that never tick within 90 years; what Celery 5.2.6 refuses (month names, dow 7, n/step).
""", rows)
