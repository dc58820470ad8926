"""The Celery application. Nothing in here changes when Switchyard takes over."""

import os

from celery import Celery
from celery.schedules import crontab

REDIS = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = Celery("app", broker=REDIS, backend=REDIS, include=["app.tasks", "app.agents", "app.briefings", "app.reports"])
app.conf.update(
    task_default_queue="celery",
    task_routes={"app.agents.*": "agents", "app.briefings.*": "briefings", "app.tasks.*": "scraping"},
    task_serializer="json",
    accept_content=["json"],
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    task_track_started=True,
    result_expires=3600,
    timezone="Europe/Berlin",
    beat_scheduler="redbeat.RedBeatScheduler",
    beat_schedule={
        "scout-ada": {
            "task": "app.agents.job_scout",
            "schedule": crontab(minute=30, hour=8, day_of_week="mon-fri"),
            "kwargs": {"user_id": "ada", "keywords": ["go", "redis"]},
        },
        "briefing-ada": {"task": "app.briefings.generate", "schedule": crontab(minute=0, hour=7), "kwargs": {"user": "ada"}},
        "nightly-export": {"task": "app.reports.export", "schedule": crontab(minute=15, hour=2), "args": ["sales", 30]},
    },
)
