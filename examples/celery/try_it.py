"""Makes each call of the application once, and prints what becomes of it: try_it.py [URL OF A PAGE]"""

import sys

from app import calls
from app.celery import app


def main(url="http://127.0.0.1:8000/"):
    sent = {
        "scrape": calls.scrape(url),
        "scout": calls.scout("ada", ["go", "redis"]),
        "brief": calls.brief("ada"),
        "export": calls.export("sales", 30),
    }
    for name, task_id in sent.items():
        app.AsyncResult(task_id).get(timeout=60, propagate=False)
        told = calls.result(task_id)
        result = told["result"]
        if name == "scrape" and result:
            result = {key: result[key] for key in ("url", "title")}  # what the application reads of it
        print(name, told["status"], result)


main(*sys.argv[1:])
