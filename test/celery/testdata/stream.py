"""Makes calls of the application in examples/celery until standard input ends, and waits for all of them."""

import select
import sys
import time

from app import calls
from app.celery import app

sent = []
while not select.select([sys.stdin], [], [], 0.2)[0]:
    sent.append((calls.scout("ada", ["go"]), "ada: go developer"))
    sent.append((calls.export("sales", len(sent)), {"table": "sales", "days": len(sent), "rows": len(sent) * 100}))

lost, until = [], time.monotonic() + 60
for task_id, want in sent:
    try:
        got = app.AsyncResult(task_id).get(timeout=max(1, until - time.monotonic()))
    except Exception as why:  # noqa: BLE001
        got = repr(why)
    if got != want:
        lost.append((task_id, got))
print(f"{len(sent)} calls,", lost or "none lost")
