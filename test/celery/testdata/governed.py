"""A worker of Celery that performs what Switchyard sends, or with "ask" a client that sends to Switchyard.

    governed.py URL QUEUE
    governed.py URL ask
"""
import os
import sys
import time

from celery import Celery

broker, queue = sys.argv[1], sys.argv[2]
app = Celery("governed", broker=broker, backend=broker)
app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=True, task_routes={"app.tasks.*": "reports"})


def note(task, what):
    app.backend.client.rpush("noted", f"{what} {task.request.id}")


@app.task(bind=True, name="app.tasks.build")
def build(self, pages, title="", seconds=0.2):
    note(self, "begun")
    for page in range(pages):
        self.update_state(state="PROGRESS", meta={"page": page + 1})
        time.sleep(seconds)
    note(self, "done")
    return {"pages": pages, "title": title}


@app.task(bind=True, name="app.tasks.fail")
def fail(self):
    note(self, "failed")
    raise ValueError("no", 3)


@app.task(bind=True, name="app.tasks.die")
def die(self):
    note(self, "dies")
    if app.backend.client.incr("deaths") == 1:
        time.sleep(600)
    return os.getpid() > 0


if queue == "ask":
    states, pending = [], build.delay(3, title="ü")
    value = pending.get(timeout=60, on_message=lambda m: states.append(m["status"]), interval=0.02)
    print(value, "PROGRESS" in states, pending.state)
else:
    app.worker_main(["worker", "--pool=prefork", "-c", "2", "--loglevel=ERROR", "--without-gossip", "--without-mingle", "-Q", queue])
