"""The application: its tasks, of which those of app.go are performed by Switchyard."""
import json
import os
import time

from celery import Celery

PREFIX = os.environ.get("PREFIX", "")
app = Celery("app", broker=os.environ["BROKER"], backend=os.environ["BACKEND"])
app.conf.update(
    task_routes={"app.go.*": "scraping", "app.py.*": "py", "app.shared.*": "scraping"},
    task_default_queue="celery",
    result_expires=3600,
    result_extended=os.environ.get("EXTENDED") == "true",
    task_track_started=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={"priority_steps": [0, 3, 6, 9], "global_keyprefix": PREFIX, "visibility_timeout": 60},
    broker_connection_retry=True,
)


def note(name, *what):
    with open(os.path.join(os.environ["DIR"], name), "a") as f:
        f.write(json.dumps(what) + "\n")


def here(name):
    """Declares a task that Python must not perform."""
    @app.task(name="app.go." + name)
    def task(*args, **kwargs):
        note("wrong", name, args, kwargs)
        raise RuntimeError("Python performs " + name)
    return task


echo, add, total, fail = here("echo"), here("add"), here("total"), here("fail")
flaky, nap, steps, mark = here("flaky"), here("nap"), here("steps"), here("mark")


@app.task(name="app.py.add")
def pyadd(x, y=0):
    return x + y


@app.task(name="app.py.sum")
def pysum(xs, y=0):
    return sum(xs) + y


@app.task(name="app.py.fail")
def pyfail(*args):
    raise ValueError("python says no")


@app.task(name="app.py.note")
def pynote(*args, **kwargs):
    note("notes", args, kwargs)
    return "noted"


@app.task(name="app.py.again", bind=True, max_retries=3)
def again(self, fails):
    if self.request.retries < fails:
        raise self.retry(countdown=0.2, exc=ValueError("again"))
    return self.request.retries


@app.task(name="app.shared.unported")
def unported(x):
    return ["python", x]


@app.task(name="app.py.nap")
def pynap(seconds):
    time.sleep(seconds)
    return "slept"
