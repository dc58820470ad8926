"""An agent that is a service: it plans, which takes it a while.

It listens on the address given, 127.0.0.1:8099 if none is. Calls are signed with the secret
in PLANNER_SECRET, as https://www.standardwebhooks.com describes.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = base64.b64decode(os.environ["PLANNER_SECRET"].removeprefix("whsec_"))
TOO_OLD = 5 * 60  # seconds after which a call is taken for a replayed one

jobs = {}  # by the webhook-id of the call that asked for them
lock = threading.Lock()


def is_signed(headers, body):
    """Tells whether a call is from somebody who knows the secret, and new."""
    id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent.isdigit() or abs(time.time() - int(sent)) > TOO_OLD:
        return False
    digest = hmac.digest(SECRET, f"{id}.{sent}.".encode() + body, hashlib.sha256)
    right = "v1," + base64.b64encode(digest).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(right, one) for one in given)


class Job:
    def __init__(self, task):
        self.cancelled = threading.Event()
        self.result = None
        threading.Thread(target=self.plan, args=[task], daemon=True).start()

    def plan(self, task):
        days = (task.get("input") or {}).get("days", 1)
        plan = []
        for day in range(1, days + 1):
            if self.cancelled.wait(0.5):  # it is hard work
                return
            plan.append(f"day {day}: something for {task['user']}")
        self.result = {"plan": plan}


class Planner(BaseHTTPRequestHandler):
    def body(self):
        """Returns the body of a call that may be answered, or None."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if is_signed(self.headers, body):
            return body
        self.answer(401, {"error": "not signed"})
        return None

    def answer(self, status, value=None, **headers):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.body()
        if body is None:
            return
        id = self.headers["webhook-id"]
        with lock:  # a call that comes twice is one job
            if id not in jobs:
                jobs[id] = Job(json.loads(body))
        self.answer(202, Location=f"/jobs/{id}")

    def do_GET(self):
        if self.body() is None:
            return
        job = jobs.get(self.path.removeprefix("/jobs/"))
        if job is None:
            self.answer(404, {"error": "no such job"})
        elif job.result is None:
            self.answer(202, Location=self.path)
        else:
            self.answer(200, job.result)

    def do_DELETE(self):
        if self.body() is None:
            return
        with lock:
            job = jobs.pop(self.path.removeprefix("/jobs/"), None)
        if job:
            job.cancelled.set()
        self.answer(204)


def main(address="127.0.0.1:8099"):
    host, port = address.rsplit(":", 1)
    ThreadingHTTPServer((host, int(port)), Planner).serve_forever()


main(*sys.argv[1:])
