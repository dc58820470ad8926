"""Writes the entries of beat_schedule as RedBeat keeps them, for machines that have no RedBeat."""

import json
import time

import redis

from app.celery import REDIS, app

client = redis.Redis.from_url(REDIS)
for name, entry in app.conf.beat_schedule.items():
    when = entry["schedule"]
    spec = {
        "__type__": "crontab",
        "minute": when._orig_minute,
        "hour": when._orig_hour,
        "day_of_week": when._orig_day_of_week,
        "day_of_month": when._orig_day_of_month,
        "month_of_year": when._orig_month_of_year,
    }
    definition = {
        "name": name,
        "task": entry["task"],
        "args": entry.get("args", []),
        "kwargs": entry.get("kwargs", {}),
        "options": {},
        "schedule": spec,
        "enabled": True,
    }
    client.hset(f"redbeat:{name}", mapping={"definition": json.dumps(definition), "meta": json.dumps({"last_run_at": None})})
    client.zadd("redbeat::schedule", {f"redbeat:{name}": time.time() + 60})
print(f"{len(app.conf.beat_schedule)} entries")
