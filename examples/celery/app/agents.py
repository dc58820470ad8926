"""Agents as tasks of Celery."""

from app import scout
from app.celery import app


@app.task(bind=True)
def job_scout(self, user_id, keywords, limit=3):
    def tell(done, total):
        self.update_state(state="PROGRESS", meta={"current": done, "total": total})

    return scout.find(user_id, keywords, limit, tell)
