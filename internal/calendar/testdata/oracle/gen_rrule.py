#!/usr/bin/python3
"""rrule_dateutil.tsv: random RFC 5545 rules, ticks by dateutil 2.8.2, confirmed by rbrute.py.

dateutil walks from DTSTART; so that `after` may lie decades later with fine frequencies, DTSTART is
first moved forward by a whole multiple of INTERVAL periods (HOURLY, MINUTELY, SECONDLY, DAILY, WEEKLY
without COUNT): that leaves every field the rule takes from DTSTART as it was. rbrute.py does NOT do so.
Rows on which both agree go to rrule_dateutil.tsv, others to rrule_disputed.tsv with both answers.
"""
import random, signal, sys, collections
from datetime import datetime, timedelta
from dateutil.rrule import rrulestr, rruleset
from common import loc, write
from rbrute import Rule, WD

R = random.Random(5545)
YEARS, LIMIT = 90, 1.0
S = timedelta(seconds=1)
UNIT = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1, "DAILY": 86400, "WEEKLY": 604800}


class Slow(Exception):
    pass


def alarm(*_):
    raise Slow()


signal.signal(signal.SIGALRM, alarm)


def pick(pool, lo, hi):
    pool = list(pool)
    return sorted(R.sample(pool, min(len(pool), R.randint(lo, hi))))


def lst(v):
    if R.random() < 0.15:
        v = R.sample(v, len(v))  # the order in a list must not matter
    return ",".join(map(str, v))


def signed(n, lo, hi):
    """Distinct numbers of 1..n and -n..-1, the ends favoured."""
    out = set()
    for _ in range(R.randint(lo, hi)):
        v = R.choice([1, 2, n, n - 1, R.randint(1, n), R.randint(1, n)])
        out.add(v if R.random() < 0.65 else -v)
    return sorted(out)


def days(lo=1, hi=3):
    return pick(WD, lo, hi)


def ndays(n, mixed=0.1):
    out = set()
    for _ in range(R.choice([1, 1, 1, 2, 3])):
        v = R.choice([1, 2, 3, 4, 5, R.randint(1, n)])
        out.add("%d%s" % (v if R.random() < 0.6 else -v, R.choice(WD)))
    if R.random() < 0.1:  # the plus sign is allowed
        out = {x if x[0] == "-" else "+" + x for x in out}
    if R.random() < mixed:
        out.add(R.choice(WD))
    return sorted(out)


def make():
    f = R.choices(list(FREQS), FREQS.values())[0]
    p = {}
    st = datetime(R.randint(1990, 2150), 1, 1) + timedelta(seconds=R.randrange(366 * 86400))
    k = R.random()
    if k < 0.5:
        st = st.replace(second=0, minute=R.choice([0, 0, 15, 30, st.minute]))
    if k < 0.08:
        st = st.replace(month=R.choice([1, 12]), day=R.choice([1, 31]))
    elif k < 0.14:
        st = st.replace(day=28) if st.month != 2 else st
        st = st.replace(year=R.choice([1992, 2024, 2096, 2104, 2148]), month=2, day=29)
    elif k < 0.2:
        st = st.replace(month=R.choice([1, 3, 5, 7, 8, 10, 12]), day=31)
    x = R.random()
    if f == "YEARLY":
        mode = R.choice(["", "mon", "mon+md", "md", "day", "nday", "nday", "mon+nday", "mon+nday", "mon+day", "yd", "yd", "yd+day",
                         "yd+mon", "wn", "wn", "wn", "wn", "wn+mon", "md+day", "mon+md+day", "wn+md", "md+nday"])
        if R.random() < 0.5:
            p["INTERVAL"] = R.choice([1, 2, 2, 3, 4, 4, 5, 7, 10, 12, 20, 28, 40])
    elif f == "MONTHLY":
        mode = R.choice(["", "mon", "md", "md", "day", "nday", "nday", "mon+nday", "mon+md", "md+day", "md+nday", "mon+md+day"])
        if R.random() < 0.6:
            p["INTERVAL"] = R.choice([1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 18, 24, 100, R.randint(1, 400)])
    elif f == "WEEKLY":
        mode = R.choice(["", "", "mon", "day", "day", "day", "mon+day"])
        if R.random() < 0.7:
            p["INTERVAL"] = R.choice([1, 2, 2, 3, 4, 5, 26, 52, 53, R.randint(1, 1000)])
    elif f == "DAILY":
        mode = R.choice(["", "", "mon", "md", "day", "mon+md", "mon+day", "md+day", "mon+md+day"])
        if R.random() < 0.7:
            p["INTERVAL"] = R.choice([1, 2, 3, 5, 7, 10, 14, 30, 365, 366, 1000, R.randint(1, 1000)])
    else:
        mode = R.choice(["", "", "", "", "mon", "md", "day", "mon+md", "mon+day", "md+day", "yd", "yd+day"])
        if R.random() < 0.75:
            p["INTERVAL"] = R.choice([1, 2, 3, 5, 7, 12, 24, 25, 36, 45, 60, 61, 90, 97, 480, 720, 999, 1000, R.randint(1, 1000)])
    mode = mode.split("+")
    if "mon" in mode:
        p["BYMONTH"] = lst(pick([2, 2, 12, 1] + list(range(1, 13)), 1, R.choice([1, 2, 6])))
        p["BYMONTH"] = ",".join(dict.fromkeys(p["BYMONTH"].split(",")))
    if "md" in mode:
        p["BYMONTHDAY"] = lst(signed(31, 1, R.choice([1, 2, 4])))
    if "yd" in mode:
        p["BYYEARDAY"] = lst(signed(366, 1, R.choice([1, 2, 5])))
    if "wn" in mode:
        n = {R.choice([1, 52, 53, -1, -52, -53, 1, 53, -53, R.randint(2, 51), -R.randint(2, 51)]) for _ in range(R.choice([1, 1, 2]))}
        p["BYWEEKNO"] = lst(sorted(n))
        p["BYDAY"] = ",".join(R.choice([days(1, 1), days(1, 7), days()]))
    if "day" in mode:
        p["BYDAY"] = ",".join(days(1, R.choice([1, 3, 7])))
    if "nday" in mode:
        p["BYDAY"] = ",".join(ndays(53 if f == "YEARLY" and "BYMONTH" not in p else 5))
    # Times of day. At most 96 a period.
    fine = {"HOURLY": 1, "MINUTELY": 2, "SECONDLY": 3}.get(f, 0)
    while True:
        t = {}
        for i, (key, n) in enumerate([("BYHOUR", 24), ("BYMINUTE", 60), ("BYSECOND", 60)]):
            if R.random() < (0.28 if fine <= i else 0.35):
                t[key] = pick(range(n), 1, R.choice([1, 1, 2, 4, 6]))
        total = 1
        for i, v in enumerate(t.values()):
            total *= len(v)
        if total <= 96:
            break
    p.update({k: lst(v) for k, v in t.items()})
    by = [k for k in p if k.startswith("BY")]
    if R.random() < 0.5 and (f == "WEEKLY" or "BYWEEKNO" in p) or R.random() < 0.05:
        p["WKST"] = R.choice(WD)
    if by and R.random() < 0.25:
        n = R.choice([1, 1, 1, 2, 3])
        p["BYSETPOS"] = lst(sorted({R.choice([1, -1, 2, -2, 3, R.randint(1, 12), -R.randint(1, 12)] + ([R.randint(1, 366)] if f == "YEARLY" else []))
                                    for _ in range(n)}))
        if f == "WEEKLY":  # dateutil would take a partial first week: begin on the week's first day
            w = WD.index(p.get("WKST", "MO"))
            st -= timedelta(days=(st.weekday() - w) % 7)
    # after
    iv = int(p.get("INTERVAL", 1)) * UNIT.get(f, 30 * 86400 if f == "MONTHLY" else 365 * 86400)
    k = R.random()
    if k < 0.1:
        after = st - timedelta(seconds=R.choice([1, 60, R.randrange(10 ** 8)]))
    elif k < 0.15:
        after = st
    elif k < 0.45:
        after = st + timedelta(seconds=R.randrange(1, 1 + min(iv * 20, 60 * 365 * 86400)))
    else:
        after = st + timedelta(seconds=R.randrange(60 * 365 * 86400))
        if R.random() < 0.15 and st.year < 2100:
            after = datetime(R.choice([2095, 2096, 2099, 2100]), R.randint(1, 12), R.randint(1, 28))
    k = R.random()
    if k < 0.15:
        p["COUNT"] = R.choice([1, 2, 3, 5, 10, 100, 1000, R.randint(1, 1000)])
        if R.random() < 0.8:  # most with some occurrences left
            after = st + timedelta(seconds=R.randrange(1, 1 + min(iv * int(p["COUNT"]), 40 * 365 * 86400)))
    elif k < 0.3:
        u = (after if R.random() < 0.8 else st) + timedelta(seconds=R.randrange(min(iv * 40, 30 * 365 * 86400)))
        u = max(u, st)
        p["UNTIL"] = loc(u) + R.choice(["", "Z"])
    keys = list(p)
    if R.random() < 0.4:
        R.shuffle(keys)
    rule = ";".join(["FREQ=" + f] + ["%s=%s" % (k, p[k]) for k in keys])
    return f, p, st, rule, after


FREQS = {"YEARLY": 24, "MONTHLY": 16, "WEEKLY": 12, "DAILY": 12, "HOURLY": 11, "MINUTELY": 14, "SECONDLY": 11}


def add_years(t, n):
    return t.replace(year=t.year + n, day=min(t.day, 28))


def timed(fn, *a):
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        return fn(*a)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def first(gen, after, end, n):
    """(ticks strictly after `after`, ended?): ended = the rule itself is exhausted."""
    out = []
    for t in gen:
        if t > end:
            return out, False
        if t > after:
            out.append(t)
            if len(out) == n:
                return out, False
    return out, True


def by_dateutil(rule, f, p, st, after, end, rd, ex):
    shift = st
    if f in UNIT and "COUNT" not in p and after > st:
        step = UNIT[f] * int(p.get("INTERVAL", 1))
        shift = st + timedelta(seconds=max(0, int((after - st).total_seconds()) // step - 1) * step)
    r = rrulestr("RRULE:" + rule.replace("Z", ""), dtstart=shift)
    if rd or ex:
        s = rruleset()
        s.rrule(r)
        for x in rd:
            s.rdate(x)
        for x in ex:
            s.exdate(x)
        r = s
    return first(iter(r), after, end, 4)


def by_brute(rule, st, after, end, rd, ex):
    import heapq
    exs, last, out = set(ex), None, []
    for t in heapq.merge(Rule(rule, st).ticks(after, end), sorted(rd)):
        if t > after and t not in exs and t != last and t <= end:
            out.append(t)
            if len(out) == 4:
                break
        last = t
    return out


rows, disputed, brute_only, stat = [], [], [], collections.Counter()
per = collections.Counter()
want = int(sys.argv[1]) if len(sys.argv) > 1 else 4050
while len(rows) < want:
    f, p, st, rule, after = make()
    end = add_years(after, YEARS)
    try:
        t = timed(by_brute, rule, st, after, end, [], [])
    except Slow:
        stat["brute slow"] += 1
        continue
    if not t:
        # a rule that has run out is a vector too, if it ticked before; few of them
        if not ("COUNT" in p or "UNTIL" in p) or R.random() < 0.7:
            stat["no tick"] += 1
            continue
        try:
            if not timed(by_brute, rule, st, st - S, end, [], []):
                stat["no tick"] += 1
                continue
        except Slow:
            continue
    k = R.random()
    if t and k < 0.12:
        after = R.choice([t[0], t[0] - S])  # on a tick: strictly after; a second before it
        end = add_years(after, YEARS)
    rd, ex = [], []
    if t and R.random() < 0.12:
        if R.random() < 0.7:
            ex = sorted(R.sample(t, R.randint(1, min(2, len(t)))))
        if R.random() < 0.6 or not ex:
            rd = sorted({max(st, x) for x in [R.choice(t) + timedelta(seconds=R.choice([0, 1, 3600, 86399, -7200, 10 ** 6])) for _ in range(R.randint(1, 2))]})
        if R.random() < 0.2:
            ex.append(R.choice(t) + S)  # an EXDATE that strikes nothing
    try:
        b = timed(by_brute, rule, st, after, end, rd, ex)
    except Slow:
        stat["brute slow"] += 1
        continue
    fmt = lambda v: ",".join(map(loc, v)) or "-"
    try:
        a, ended = timed(by_dateutil, rule, f, p, st, after, end, rd, ex)
    except Slow:
        stat["dateutil slow " + f] += 1
        if len(brute_only) < 500 and b:
            brute_only.append([loc(st), rule, loc(after), fmt(b), fmt(rd), fmt(ex)])
        continue
    except ValueError as e:
        stat["dateutil refuses: " + str(e)[:60]] += 1
        if b:
            disputed.append([loc(st), rule, loc(after), "refused", fmt(b), fmt(rd), fmt(ex)])
        continue
    if a != b:
        disputed.append([loc(st), rule, loc(after), fmt(a), fmt(b), fmt(rd), fmt(ex)])
        stat["disputed"] += 1
        continue
    if not a and per["dead"] > 120:
        continue
    per["dead"] += not a
    tags = []
    if "BYWEEKNO" in p and p.get("INTERVAL", 1) != 1:
        tags.append("weekno+interval")
    if "BYWEEKNO" in p and "BYSETPOS" in p:
        tags.append("weekno+setpos")
    if len(a) < 4:
        tags.append("end" if ended and ("COUNT" in p or "UNTIL" in p) else "horizon")
    rows.append([loc(st), rule, loc(after), fmt(a), fmt(rd), fmt(ex), ",".join(tags) or "-"])
    per[f] += 1
print(dict(per), dict(stat), file=sys.stderr)
def why(rule):
    """Where dateutil 2.8.2 is known to go wrong; "?" if neither."""
    p = dict(x.split("=") for x in rule.split(";"))
    d = p.get("BYDAY", "").split(",")
    if len({len(x) > 2 for x in d}) > 1:
        return "mixed BYDAY"
    if set(p.get("BYWEEKNO", "").split(",")) & {"52", "53", "-52", "-53"}:
        return "week at New Year"
    return "?"


disputed = [r + [why(r[1])] for r in disputed]
COLS = """fewer than 4: no more up to the same date 90 years after `after` (day clipped to 28); "-": none"""
write("rrule_dateutil.tsv", """
RFC 5545 rules, ticks by dateutil 2.8.2 AND, independently, by brute force over days (rbrute.py): only rows on which both agree.
Made by gen_rrule.py. All times are wall times without zone (evaluate as UTC).
Columns: DTSTART | RRULE value | after | first 4 ticks strictly after `after`; %s | RDATE or - | EXDATE or - | tags or -
tags: end = exhausted by COUNT/UNTIL; horizon = fewer than 4 within 90 years;
 weekno+interval, weekno+setpos = the days of week 1/52/53 across New Year count to the CALENDAR year they lie in (dateutil's reading; RFC is silent).
DTSTART is no tick unless it suits the rule, and is not counted by COUNT then. COUNT counts before EXDATE. RDATE is bound by neither COUNT nor UNTIL.
UNTIL occurs with Z and without (zone UTC, so the same). BYSETPOS with WEEKLY: DTSTART always on the first day of its week.
BYHOUR*BYMINUTE*BYSECOND lists <= 96 combinations (days per period not counted).
Excluded: rules that never tick, rules over the time limit (rrule_brute.tsv has such), rules dateutil gets wrong (rrule_disputed.tsv), and those RFC 5545 forbids.
""" % COLS, rows)
write("rrule_disputed.tsv", """
Rules on which dateutil 2.8.2 and brute force (rbrute.py) differ. Brute force is right in all of them by RFC 5545's text, dateutil is not:
mixed BYDAY: plain and numbered days in one list (MO,1FR): dateutil wants BOTH to hold instead of either;
week at New Year: dateutil counts last year's weeks with this year's length (52/53 for the first days of January), and does not see
 that the last days of December may lie in week -53/-52 (= 1) of the next year.
Columns: DTSTART | RRULE value | after | dateutil's ticks | brute force's ticks | RDATE | EXDATE | why
""", disputed[:400])
write("rrule_brute.tsv", """
Rules for which dateutil took over the time limit: ticks by brute force only (rbrute.py, which agrees with dateutil on all of rrule_dateutil.tsv).
Columns: DTSTART | RRULE value | after | first 4 ticks; %s | RDATE | EXDATE
""" % COLS, brute_only)
