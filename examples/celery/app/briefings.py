"""Briefings."""

import time

from app.celery import app


@app.task
def generate(user):
    return {"briefing": f"{user}:{time.strftime('%Y-%m-%d')}"}
