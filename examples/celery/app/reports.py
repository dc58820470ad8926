"""Tasks that stay in Python."""

from app.celery import app


@app.task
def export(table, days):
    return {"table": table, "days": days, "rows": days * 100}


@app.task
def tell(found):
    return f"{found['user']}: {', '.join(found['jobs'])}"
