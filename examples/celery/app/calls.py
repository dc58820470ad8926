"""What the application does with Celery. The web part calls these, and so can you."""

import redis

from app import agents, briefings, reports, tasks
from app.celery import REDIS, app


def scrape(url):
    return tasks.scrape_page.delay(url).id


def scout(user_id, keywords):
    """Finds jobs, and then tells of them: the second task stays in Python."""
    return (agents.job_scout.s(user_id=user_id, keywords=keywords) | reports.tell.s()).apply_async().id


def brief(user):
    return briefings.generate.apply_async(kwargs={"user": user}, expires=600).id


def export(table, days):
    return reports.export.delay(table, days).id


def result(task_id):
    found = app.AsyncResult(task_id)
    return {"id": task_id, "status": found.status, "result": found.result if found.successful() else None}


def cancel(task_id):
    app.control.revoke(task_id, terminate=True)


def pause(user_id):
    """Stops the agents of a user: whoever runs some listens to this channel."""
    return redis.Redis.from_url(REDIS).publish(f"agent:pause:{user_id}", "")


def resume(user_id):
    return redis.Redis.from_url(REDIS).publish(f"agent:resume:{user_id}", "")
