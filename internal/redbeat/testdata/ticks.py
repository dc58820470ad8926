"""Writes ticks.tsv: when RedBeat, by its own code, would run an entry next.

    python3 ticks.py REDBEAT > ticks.tsv

REDBEAT is a checkout of RedBeat's source. Celery, dateutil and redis-py have to be installed.
Each run is taken to be at the very moment it is due. The clock of the application is
Europe/Berlin's. Ticks end where that clock changes, for RedBeat counts across a change by
the clock of the run before, except for rules, which count at an offset of their own.
"""
import json
import os
import sys
import types
from datetime import datetime, timedelta, timezone

stub = types.ModuleType("tenacity")  # retries of Redis, which is not asked here
for name in "retry retry_if_exception_type stop_after_delay wait_exponential".split():
    setattr(stub, name, None)
sys.modules["tenacity"] = stub
sys.path.insert(0, sys.argv[1])

import celery  # noqa: E402
import dateutil  # noqa: E402
from redbeat.decoder import RedBeatJSONDecoder  # noqa: E402

app = celery.Celery(set_as_current=True)
app.conf.timezone = "Europe/Berlin"
change = datetime(2027, 3, 28, 1, tzinfo=timezone.utc)


def ticks(schedule, last, n=8):
    """Returns the next n ticks after a run, cut to whole seconds."""
    found = []
    rule = hasattr(schedule, "rrule")
    while len(found) < n:
        if rule:
            last = schedule.rrule.after(last)
            if last is None:
                break
        else:
            schedule.nowfun = lambda: last.astimezone(app.timezone)
            last = (last + schedule.remaining_estimate(last)).astimezone(app.timezone)
            if last >= change:
                break
        found.append(last.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat() + "Z")
    return found


def crontab(**fields):
    return {"__type__": "crontab", **fields}


def interval(every, relative=True):
    return {"__type__": "interval", "every": every, "relative": relative}


def rrule(freq, dtstart, tz=60.0, **parts):
    start = int(datetime.fromisoformat(dtstart).replace(tzinfo=timezone(timedelta(minutes=tz))).timestamp())
    return {"__type__": "rrule", "freq": freq, "dtstart": start, "dtstart_tz": tz, **parts}


def weekday(day, **n):
    return {"__type__": "weekday", "wkday": day, **n}


made = {
    "cron both days": crontab(minute=0, hour=9, day_of_week="mon,fri", day_of_month="1-7,15-21"),
    "cron both days stepped": crontab(minute=0, hour=0, day_of_week="tue", day_of_month="*/2"),
    "cron large step": crontab(minute="*/90", hour="*/5"),
    "cron steps of a range": crontab(minute="10-50/20", hour="8-18/3"),
    "cron uneven step": crontab(minute="*/25", hour=7),
    "cron words": crontab(minute=5, hour=6, day_of_week="Sunday,thurs,SAT"),
    "cron weekend": crontab(minute=5, hour=6, day_of_week="fri-mon"),
    "cron wrapped and stepped": crontab(minute=5, hour=6, day_of_week="fri-mon/2"),
    "cron night": crontab(minute=30, hour="22-2"),
    "cron wrapped months": crontab(minute=0, hour=0, day_of_month=1, month_of_year="11-2"),
    "cron spaces in a list": crontab(minute="0, 20 ,40", hour=" 8, 9"),
    "cron lists": crontab(minute=[0, 15, 30, 45], hour=[6, 7], day_of_week=[1, 2, 3]),
    "cron list of days": crontab(minute=0, hour=0, day_of_month=[1, 15], month_of_year=[12, 1, 3]),
    "cron no fields": crontab(),
    "cron 31st": crontab(minute=0, hour=12, day_of_month=31),
    "cron word in another field": crontab(minute="mon", hour="sat"),
    "relative minute": interval(60),
    "relative five minutes": interval(300),
    "relative 90 minutes": interval(5400),
    "relative 6 hours": interval(21600),
    "relative day": interval(86400),
    "relative week": interval(604800),
    "relative 36 hours": interval(129600),
    "relative 45 seconds": interval(45),
    "interval day": interval(86400, False),
    "interval odd": interval(4321, False),
    "rule across a change": rrule(3, "2026-01-05T08:30"),
    "rule in summer time": rrule(2, "2026-07-06T09:00", 120.0, byweekday=[0, 4]),
    "rule in New York": rrule(3, "2026-12-01T22:00", -300.0, byweekday=[0, 1, 2, 3, 4]),
    "rule at half past": rrule(3, "2026-12-01T09:00", 330.0),
    "rule at a local mean time": rrule(2, "2026-12-01T09:00", 53.0),
    "rule first Monday": rrule(1, "2026-01-05T08:30", byweekday=weekday(0, n=1)),
    "rule last Friday": rrule(1, "2026-01-05T08:30", byweekday=[weekday(4, n=-1)]),
    "rule last working day": rrule(1, "2026-01-05T08:30", byweekday=[0, 1, 2, 3, 4], bysetpos=-1),
    "rule two months": rrule(1, "2026-01-31T08:30", interval=2),
    "rule last days": rrule(1, "2026-01-05T08:30", bymonthday=[-1, 15]),
    "rule of a week": rrule(0, "2026-01-05T08:30", byweekno=[1, 53]),
    "rule of a year": rrule(0, "2026-01-05T08:30", bymonth=[2, 8], bymonthday=29),
    "rule of days of a year": rrule(0, "2026-01-05T08:30", byyearday=[1, 100, -1]),
    "rule of hours": rrule(4, "2026-01-05T08:30", interval=5),
    "rule of some hours": rrule(3, "2026-01-05T08:30", byhour=[6, 18], byminute=[0, 30]),
    "rule of two weeks from Sunday": rrule(2, "2026-01-05T08:30", interval=2, wkst=6, byweekday=[1, 6]),
    "rule of seconds": rrule(6, "2026-01-05T08:30", interval=7),
    "rule counted": rrule(3, "2026-11-20T08:30", count=10),
    "rule until": rrule(3, "2026-11-20T08:30", until=int(datetime(2026, 11, 29, 7, 30, tzinfo=timezone.utc).timestamp()), until_tz=0),
}
late = "2027-03-25T12:00:00+01:00"
lasts = {name: late for name in made if name.startswith("rule across") or name.startswith("rule in summer")}

print("# Ticks of RedBeat's, written by ticks.py with RedBeat after 2.4.2, Celery %s and dateutil %s:" % (celery.__version__, dateutil.__version__))
print("# name <TAB> schedule <TAB> last run <TAB> the ticks that follow, in UTC, cut to whole seconds")
here = os.path.dirname(os.path.abspath(__file__))
dump = json.load(open(os.path.join(here, "dump.json")))
for stored in (dump[key]["value"] for key in sorted(dump) if dump[key]["type"] == "hash"):
    entry = json.loads(stored["definition"], cls=RedBeatJSONDecoder)
    last = json.loads(stored["meta"], cls=RedBeatJSONDecoder)["last_run_at"]
    raw = json.loads(stored["definition"])["schedule"]
    n = 4 if raw.get("byeaster") is not None else 8
    print(entry["name"], json.dumps(raw), last.isoformat(), " ".join(ticks(entry["schedule"], last, n)), sep="\t")
for name, raw in made.items():
    last = datetime.fromisoformat(lasts.get(name, "2026-11-25T19:23:44+01:00"))
    print(name, json.dumps(raw), last.isoformat(), " ".join(ticks(json.loads(json.dumps(raw), cls=RedBeatJSONDecoder), last)), sep="\t")
