#!/usr/bin/python3
"""cron_croniter.tsv: random cron specs, ticks by croniter 1.3.5 and by brute force over days; rows where both agree.

croniter 1.3.5 knows no wrapping ranges, full names, `?`, `FRIL`, `FRI#L`; it is handed the same thing in its own words
(5,6,0,1 for FRI-MON, l5 for FRIL, * for ?) and six fields with the seconds moved to the end.
cron_brute.tsv: L-n, LW, nW and mixtures croniter has no words for, by brute force alone.
"""
import random, collections
from calendar import monthrange
from datetime import datetime, timedelta
from croniter import croniter
from common import utc, write

R = random.Random(135)
MON = "january february march april may june july august september october november december".split()
DOW = "sunday monday tuesday wednesday thursday friday saturday".split()
DAY = timedelta(days=1)


def case(s):
    return R.choice([str.lower, str.upper, str.title])(s)


def name(v, kind):
    if kind == "mon" and R.random() < 0.5:
        n = MON[v - 1]
    elif kind == "dow" and R.random() < 0.6:
        n = DOW[v % 7]
    else:
        return str(v)
    return case(n if R.random() < 0.3 else n[:3])


def part(lo, hi, kind):
    """(text, values)"""
    k, n = R.random(), hi - lo + 1
    top = hi + 1 if kind == "dow" and R.random() < 0.3 else hi  # 7 is Sunday too
    a, b = R.randint(lo, top), R.randint(lo, top)
    norm = lambda vs: {v % 7 if kind == "dow" else v for v in vs}
    if k < 0.4:
        return name(a, kind), norm([a])
    if k < 0.75:
        if kind == "dow" and a == 7:
            a = 0 if b < 7 and R.random() < 0.5 else 6
        vs = list(range(a, b + 1)) if a <= b else list(range(a, hi + 1)) + list(range(lo, b + 1))
        s, t = 1, ""
        if R.random() < 0.4:
            s = R.choice([1, 2, 3, R.randint(1, n)])
            t = "/%d" % s
        bt = name(b, kind)
        return name(a, kind) + "-" + bt + t, norm(vs[::s])
    if k < 0.85 and kind != "dow":
        s = R.choice([2, 3, 5, R.randint(1, n)])
        return "%d/%d" % (a, s), set(range(a, hi + 1, s))  # n/step runs to the field's end
    s = R.choice([2, 3, 4, 5, 7, 10, 15, R.randint(2, n), n])
    return "*/%d" % s, set(range(lo, hi + 1, s))


def field(lo, hi, kind, star):
    if R.random() < star:
        return R.choice(["*", "*", "*", "*/1"]), set(range(lo, hi + 1))
    ps = [part(lo, hi, kind) for _ in range(R.choice([1, 1, 1, 2, 3]))]
    return ",".join(p[0] for p in ps), set().union(*(p[1] for p in ps))


def weekday_near(y, m, d):
    """The weekday nearest to the d-th, in the same month; None if there is no d-th."""
    last = monthrange(y, m)[1]
    if d > last:
        return None
    return min((x for x in range(1, last + 1) if datetime(y, m, x).weekday() < 5), key=lambda x: (abs(x - d), x))


def special_dom(more):
    """(text, croniter's text or None, test(day))"""
    last = lambda d: monthrange(d.year, d.month)[1]
    k = R.choice(["L", "nL"] if not more else ["L-n", "L-n", "LW", "nW", "nW", "mix"])
    if k == "L":
        return R.choice("Ll"), "l", lambda d: d.day == last(d)
    if k == "nL":
        n = R.randint(1, 28)
        return "%d,L" % n, "%d,l" % n, lambda d: d.day in (n, last(d))
    n = R.randint(1, 30)
    if k == "L-n":
        return "L-%d" % n, None, lambda d: d.day == last(d) - n
    if k == "LW":
        return R.choice(["LW", "lw"]), None, lambda d: d.day == weekday_near(d.year, d.month, last(d))
    n = R.choice([1, 15, 31, 30, 29, R.randint(1, 31)])
    if k == "nW":
        return "%dW" % n, None, lambda d: d.day == weekday_near(d.year, d.month, n)
    return "%dW,L-3,10" % n, None, lambda d: d.day in (weekday_near(d.year, d.month, n), last(d) - 3, 10)


def special_dow(more):
    w, n = R.randrange(7), R.randint(1, 5)
    wd = lambda d: (d.weekday() + 1) % 7
    nth = lambda d: (d.day - 1) // 7 + 1
    lastwk = lambda d: d.day + 7 > monthrange(d.year, d.month)[1]
    t = name(w, "dow")
    if more:  # literal and nth mixed, or two of them with a last one
        v = R.randrange(7)
        return "%s,%s#%d" % (name(v, "dow"), t, n), None, lambda d: wd(d) == v or (wd(d) == w and nth(d) == n)
    k = R.random()
    if k < 0.5:
        return "%s#%d" % (t, n), "%d#%d" % (w, n), lambda d: wd(d) == w and nth(d) == n
    if k < 0.7:
        x = R.randint(1, 5)
        return "%s#%d,%s#%d" % (t, n, t, x), "%d#%d,%d#%d" % (w, n, w, x), lambda d: wd(d) == w and nth(d) in (n, x)
    return t + R.choice(["#L", "L", "#l"]), "l%d" % w, lambda d: wd(d) == w and lastwk(d)


def ticks(sec, mi, ho, mo, dayok, start, n=4, years=60):
    out, d, end = [], datetime(start.year, start.month, start.day), start + DAY * 366 * years
    times = [timedelta(hours=h, minutes=m, seconds=s) for h in sorted(ho) for m in sorted(mi) for s in sorted(sec)]
    while d < end:
        if d.month in mo and dayok(d):
            for t in times:
                if d + t > start:
                    out.append(d + t)
                    if len(out) == n:
                        return out
        d += DAY
    return out


def make(more):
    six = R.random() < 0.35
    st, sv = field(0, 59, "", 0.2) if six else ("", {0})
    mt, mv = field(0, 59, "", 0.2)
    ht, hv = field(0, 23, "", 0.25)
    ot, ov = field(1, 12, "mon", 0.45)
    k = R.random()
    dt, dv = field(1, 31, "", 0.5 if k < 0.6 else 0)
    wt, wv = field(0, 6, "dow", 0.4 if k < 0.6 else 0)
    domtest, dowtest = (lambda d: d.day in dv), (lambda d: (d.weekday() + 1) % 7 in wv)
    cd = cw = ""
    if more or R.random() < 0.2:
        if R.random() < (0.8 if more else 0.4):
            dt, cd, domtest = special_dom(more)
            if R.random() < 0.6:
                wt, wv = "*", set(range(7))
        else:
            wt, cw, dowtest = special_dow(more)
            if R.random() < 0.7:
                dt, dv = "*", set(range(1, 32))
    if dt == "*" and R.random() < 0.1:
        dt = "?"
    if wt == "*" and R.random() < 0.1:
        wt = "?"
    free = ("*", "?", "*/1")
    if dt not in free and wt not in free:
        dayok = lambda d: domtest(d) or dowtest(d)  # crontab: either suffices
    else:
        dayok = lambda d: domtest(d) and dowtest(d)

    def words(text, vs, i, special=""):
        """croniter's words: its own syntax where it has it, else the list of values."""
        if special != "":
            return special or "*"
        if text in free:
            return "*"
        try:  # six fields: croniter does not take 7 for Sunday then, so it is given the list
            if not (six and i == 4) and croniter.is_valid(" ".join(text if i == j else "*" for j in range(6 if i == 5 else 5))):
                return text
        except Exception:
            pass
        return ",".join(map(str, sorted(vs)))
    f = [words(mt, mv, 0), words(ht, hv, 1), words(dt, dv, 2, cd), words(ot, ov, 3), words(wt, wv, 4, cw)]
    if six:
        f.append(words(st, sv, 5))
    spec = " ".join(([st] if six else []) + [mt, ht, dt, ot, wt])
    both = dt not in free and wt not in free
    return spec, None if None in (cd, cw) else " ".join(f), (sv, mv, hv, ov, dayok), both


def start():
    if R.random() < 0.25:
        return datetime(R.choice([2026, 2027, 2028, 2095, 2096, 2099, 2100]), R.choice([1, 2, 3, 3, 12]), 1) + timedelta(seconds=R.choice([-60, -1, 0, 1, 86399]))
    return datetime(2020, 1, 1) + timedelta(seconds=R.randrange(100 * 365 * 86400))


disputed = []
rows, why, seen, examples = [], collections.Counter(), set(), {}
while len(rows) < 3300:
    spec, cs, sets, both = make(False)
    s = start()
    if spec in seen:
        continue
    seen.add(spec)
    b = ticks(*sets, s)
    if len(b) < 4:
        why["under 4 ticks in 60 years"] += 1
        continue
    if R.random() < 0.15:
        s = b[0]
        b = ticks(*sets, s)
        if len(b) < 4:
            continue
    try:
        it = croniter(cs, s)
        c = [it.get_next(datetime) for _ in range(4)]
    except Exception as e:
        key = type(e).__name__ + ": " + str(e).split("]")[-1][:70]
        why[key] += 1
        examples.setdefault(key, (spec, cs))
        continue
    if c != b:
        dt, dw = cs.split()[2], cs.split()[4]
        key = ("both day fields, one a full range" if both and "*" in [x[0] for x in croniter.expand(cs)[0][2:5:2]]
               else "both day fields with # or L" if both and ("#" in dw or "l" in dw) else "other, both day fields" if both else "other")
        why["differs: " + key] += 1
        disputed.append([spec, utc(s), ",".join(map(utc, b)), ",".join(map(utc, c)), key])
        examples.setdefault(key, (spec, cs, utc(s), "croniter " + ",".join(map(utc, c)), "brute " + ",".join(map(utc, b))))
        if key.startswith("other") and why["differs: " + key] <= 6:
            print("OTHER", spec, "|", cs, utc(s), "|", ",".join(map(utc, c)), "|", ",".join(map(utc, b)))
        continue
    rows.append([spec, utc(s), ",".join(map(utc, b)), "=" if cs == spec else cs])
print(dict(why))
for k, v in examples.items():
    print(k, v)
write("cron_croniter.tsv", """
Cron specs, five fields or six (seconds FIRST), dialect crontab (both day fields restricted: either suffices), zone UTC.
Made by gen_cron_croniter.py: croniter 1.3.5 AND brute force over days; only rows on which both agree.
Columns: spec | start | first 4 ticks strictly after start | the spec as handed to croniter (its own words, seconds last), = if the same
 croniter 1.3.5 has no wrapping ranges, full names, ?, FRIL, FRI#L: it was handed 5,6,0,1 / FRI / * / l5 instead,
 and with six fields a list for dow always (it does not take 7 for Sunday then).
A step in a wrapping range goes on through the wrap (22-3/2 = 22,0,2; dom wraps after 31). n/step runs to the field's end. Not included: n/step in dow.
Excluded, croniter deviating: a day field written as a full range (0-6, 1-31) beside a restricted other one (croniter takes it for *);
 dom 31 or 30 in a short month beside 1 or 2 (from 22 February "31-19" jumps over 1 March: see the report);
 #n or L in dow beside a restricted dom (croniter then wants both); specs with fewer than 4 ticks in 60 years.
""", rows)
write("cron_disputed.tsv", """
Cron specs on which croniter 1.3.5 deviates from the semantics asked for. The brute force column is the one to hold to.
Columns: spec | start | first 4 ticks by brute force over days | croniter's | why
""", disputed)
rows = []
while len(rows) < 400:
    spec, cs, sets, both = make(True)
    s = start()
    b = ticks(*sets, s)
    if len(b) == 4 and spec not in seen:
        seen.add(spec)
        rows.append([spec, utc(s), ",".join(map(utc, b))])
write("cron_brute.tsv", """
Cron specs with L-n, LW, nW, and dow lists mixing a plain day with FRI#3; dialect crontab; zone UTC. By brute force over days ALONE (no library
at hand knows them), in gen_cron_croniter.py. Columns: spec | start | first 4 ticks strictly after start
nW: the weekday nearest to the n-th within the SAME month; no tick in a month without an n-th. L-n: n days before the last; none if there is no such day.
""", rows)
