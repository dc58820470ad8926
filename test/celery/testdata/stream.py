"""Makes calls of the application in examples/celery until standard input ends, and waits for all of them.

Where they are slow to come back it makes fewer of them: a slow machine is to lag behind no further and further.
"""

import select
import sys
import time

from app import calls
from app.celery import app

UNDER_WAY = 16

sent, under_way = [], []
while not select.select([sys.stdin], [], [], 0.2)[0]:
    under_way = [task_id for task_id in under_way if not app.AsyncResult(task_id).ready()]
    if len(under_way) >= UNDER_WAY:
        continue
    sent.append((calls.scout("ada", ["go"]), "ada: go developer"))
    sent.append((calls.export("sales", len(sent)), {"table": "sales", "days": len(sent), "rows": len(sent) * 100}))
    under_way += [task_id for task_id, _ in sent[-2:]]

lost, until = [], time.monotonic() + 60
for task_id, want in sent:
    try:
        got = app.AsyncResult(task_id).get(timeout=max(1, until - time.monotonic()))
    except Exception as why:  # noqa: BLE001
        got = repr(why)
    if got != want:
        lost.append((task_id, got))
print(f"{len(sent)} calls,", lost or "none lost")
