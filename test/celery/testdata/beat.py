"""Has Celery's own beat send one entry, and prints the message."""

import json
import sys

import redis
from celery import Celery
from celery.beat import ScheduleEntry, Scheduler

url = sys.argv[1]
app = Celery("beat", broker=url, backend=url)
entry = ScheduleEntry(
    name="nightly", task="app.tasks.cleanup", schedule=60, args=[3, True], kwargs={"where": "ü", "deep": {"a": [1, None]}},
    options={"queue": "beat", "expires": 90}, app=app,
)
Scheduler(app=app, lazy=True).apply_entry(entry)
print(redis.Redis.from_url(url).lindex("beat", 0).decode())
