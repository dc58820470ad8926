"""RFC 5545 recurrence by brute force, written from the RFC's table and not from dateutil.

Every day is tested against the day parts one by one, the times of a day are then listed;
no span is skipped by arithmetic except whole periods between DTSTART and `frm`.
"""
from datetime import date, datetime, timedelta
from calendar import isleap, monthrange

WD = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
DAY = timedelta(days=1)


class Rule:
    def __init__(self, text, dtstart):
        p = dict(x.split("=") for x in text.split(";"))
        ints = lambda k: [int(x) for x in p[k].split(",")] if k in p else None
        self.freq, self.start = p["FREQ"], dtstart
        self.interval = int(p.get("INTERVAL", 1))
        self.count = int(p["COUNT"]) if "COUNT" in p else None
        self.until = datetime.strptime(p["UNTIL"].rstrip("Z"), "%Y%m%dT%H%M%S") if "UNTIL" in p else None
        self.month, self.mday, self.yday = ints("BYMONTH"), ints("BYMONTHDAY"), ints("BYYEARDAY")
        self.weekno, self.setpos = ints("BYWEEKNO"), ints("BYSETPOS")
        self.wkst = WD.index(p.get("WKST", "MO"))
        self.byday = None
        if "BYDAY" in p:
            self.byday = [(int(x[:-2]) if x[:-2] else 0, WD.index(x[-2:])) for x in p["BYDAY"].split(",")]
        self.h, self.m, self.s = ints("BYHOUR"), ints("BYMINUTE"), ints("BYSECOND")
        # Parts missing from the rule are taken from DTSTART (RFC 5545 3.3.10).
        f = self.freq
        if not (self.mday or self.yday or self.weekno or self.byday):
            if f == "YEARLY":
                self.mday = [dtstart.day]
                self.month = self.month or [dtstart.month]
            elif f == "MONTHLY":
                self.mday = [dtstart.day]
            elif f == "WEEKLY":
                self.byday = [(0, dtstart.weekday())]
        if f in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY"):
            self.h = self.h or [dtstart.hour]
        if f not in ("MINUTELY", "SECONDLY"):
            self.m = self.m or [dtstart.minute]
        if f != "SECONDLY":
            self.s = self.s or [dtstart.second]
        self.nth_in_month = f == "MONTHLY" or (f == "YEARLY" and self.month)

    def week1(self, year):
        """The first day of the year's week 1: the week with four days or more in the year."""
        jan1 = date(year, 1, 1)
        ws = jan1 - timedelta(days=(jan1.weekday() - self.wkst) % 7)
        return ws if (ws + 3 * DAY).year == year else ws + 7 * DAY

    def day_ok(self, d):
        if self.month and d.month not in self.month:
            return False
        mlen = monthrange(d.year, d.month)[1]
        if self.mday and d.day not in self.mday and d.day - mlen - 1 not in self.mday:
            return False
        ylen, yd = 365 + isleap(d.year), d.timetuple().tm_yday
        if self.yday and yd not in self.yday and yd - ylen - 1 not in self.yday:
            return False
        if self.weekno:
            for y in (d.year + 1, d.year, d.year - 1):
                if d >= self.week1(y):
                    n, total = (d - self.week1(y)).days // 7 + 1, (self.week1(y + 1) - self.week1(y)).days // 7
                    break
            if n not in self.weekno and n - total - 1 not in self.weekno:
                return False
        if self.byday:
            i, length = (d.day, mlen) if self.nth_in_month else (yd, ylen)
            fwd, back = (i - 1) // 7 + 1, -((length - i) // 7 + 1)
            if not any(w == d.weekday() and n in (0, fwd, back) for n, w in self.byday):
                return False
        return True

    def day_times(self, d):
        """Times of day `d` for the frequency, as lists per period (hour, minute, second)."""
        f, midnight = self.freq, datetime(d.year, d.month, d.day)
        at = lambda h, m, s: midnight + timedelta(seconds=h * 3600 + m * 60 + s)
        if f == "HOURLY":
            h0 = int((midnight - self.start.replace(minute=0, second=0)).total_seconds()) // 3600
            for h in range((-h0) % self.interval, 24, self.interval):
                if self.h is None or h in self.h:
                    yield [at(h, m, s) for m in sorted(set(self.m)) for s in sorted(set(self.s))]
        elif f == "MINUTELY":
            m0 = int((midnight - self.start.replace(second=0)).total_seconds()) // 60
            for x in range((-m0) % self.interval, 1440, self.interval):
                if (self.h is None or x // 60 in self.h) and (self.m is None or x % 60 in self.m):
                    yield [at(0, x, s) for s in sorted(set(self.s))]
        else:
            s0 = int((midnight - self.start).total_seconds())
            for x in range((-s0) % self.interval, 86400, self.interval):
                if ((self.h is None or x // 3600 in self.h) and (self.m is None or x // 60 % 60 in self.m)
                        and (self.s is None or x % 60 in self.s)):
                    yield [at(0, 0, x)]

    def periods(self, frm, end):
        """Candidate lists per period, from the period of `frm` (never before DTSTART's) on."""
        f, n, st = self.freq, self.interval, self.start
        frm = max(frm, st)
        if f in ("HOURLY", "MINUTELY", "SECONDLY"):
            d = frm.date()
            while d <= end.date():
                if self.day_ok(d):
                    yield from self.day_times(d)
                d += DAY
            return
        times = [timedelta(hours=h, minutes=m, seconds=s) for h in sorted(set(self.h))
                 for m in sorted(set(self.m)) for s in sorted(set(self.s))]
        mon = lambda t: t.year * 12 + t.month - 1
        week = lambda t: (t.toordinal() - 1 - self.wkst) // 7
        key = {"YEARLY": lambda t: t.year, "MONTHLY": mon, "WEEKLY": week, "DAILY": lambda t: t.toordinal()}[f]
        k = key(st) + (key(frm) - key(st)) // n * n
        while True:
            if f == "YEARLY":
                d, stop = date(k, 1, 1), date(k + 1, 1, 1)
            elif f == "MONTHLY":
                d, stop = date(k // 12, k % 12 + 1, 1), date((k + 1) // 12, (k + 1) % 12 + 1, 1)
            elif f == "WEEKLY":
                d = date.fromordinal(k * 7 + 1 + self.wkst)
                stop = d + 7 * DAY
            else:
                d = date.fromordinal(k)
                stop = d + DAY
            if d > end.date():
                return
            out = []
            while d < stop:
                if self.day_ok(d):
                    out += [datetime(d.year, d.month, d.day) + t for t in times]
                d += DAY
            yield out
            k += n

    def ticks(self, frm, end):
        """Occurrences from about frm on (all of them with COUNT), in order, up to end."""
        left = self.count
        for c in self.periods(self.start if self.count else frm, end):
            if self.setpos:
                c = sorted({c[p - 1 if p > 0 else p] for p in self.setpos if -len(c) <= (p - 1 if p > 0 else p) < len(c)})
            for t in c:
                if t < self.start:
                    continue
                if t > end or (self.until and t > self.until):
                    return
                if left is not None:
                    if left == 0:
                        return
                    left -= 1
                yield t
