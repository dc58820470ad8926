"""A worker of Celery that writes down what it performs, for tests of the schedule."""

import json
import sys

from celery import Celery

broker, queues = sys.argv[1], sys.argv[2]
app = Celery("performer", broker=broker, backend=broker)
app.conf.update(worker_hijack_root_logger=False, task_track_started=True, broker_connection_retry_on_startup=True)


def write(task, args, kwargs):
    request = task.request
    line = {
        "id": request.id, "root": request.root_id, "args": args, "kwargs": kwargs, "expires": request.expires, "eta": request.eta,
        "origin": request.origin, "retries": request.retries, "queue": request.delivery_info["routing_key"],
    }
    app.backend.client.rpush("performed", json.dumps(line))


@app.task(bind=True, name="app.tasks.cleanup")
def cleanup(self, days, dry=False, **kwargs):
    write(self, [days, dry], kwargs)
    return days


@app.task(bind=True, name="app.tasks.touch")
def touch(self, **kwargs):
    write(self, [], kwargs)


app.worker_main(["worker", "--pool=solo", "--loglevel=ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat", "-Q", queues])
