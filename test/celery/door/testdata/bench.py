"""Measures what a client of Celery sees. Prints names and figures."""
import json
import os
import sys
import time
import uuid

import redis

from app import *

broker = redis.Redis.from_url(os.environ["BROKER"])


def roundtrip(task, n=1000):
    for _ in range(50):
        task.delay(1, 2).get(timeout=20, interval=0.01)
    took = []
    for _ in range(n):
        begun = time.perf_counter()
        task.delay(1, 2).get(timeout=20, interval=0.01)
        took.append(time.perf_counter() - begun)
    took.sort()
    print("p50-ms", took[n // 2] * 1e3)
    print("p99-ms", took[n * 99 // 100] * 1e3)


def push(task, n=20000):
    """Puts messages into the list as apply_async does, but many at once."""
    task.apply_async((1, 2))
    queue = "scraping" if task.name.startswith("app.go") else "py"
    (text,) = broker.lrange(queue, 0, -1)
    broker.delete(queue)
    old = json.loads(text)["headers"]["id"]
    with broker.pipeline(transaction=False) as pipe:
        for i in range(n):
            pipe.lpush(queue, text.replace(old.encode(), str(uuid.uuid4()).encode()))
            if i % 1000 == 999:
                pipe.execute()
    broker.config_resetstat()


def results():
    return broker.eval("""local n = 0
        for _, key in ipairs(redis.call('KEYS', 'celery-task-meta-*')) do
            if string.find(redis.call('GETRANGE', key, 0, 20), 'SUCCESS', 1, true) then n = n + 1 end
        end
        return n""", 0)


def drain(n=20000):
    """Waits until all messages are taken and n results are there, and says how many came in a second since
    the first of them."""
    while broker.dbsize() < 50:
        time.sleep(0.005)
    begun, already = time.perf_counter(), results()
    while broker.llen("scraping") + broker.llen("py") > 0 or results() < n:
        time.sleep(0.25)
    took = time.perf_counter() - begun
    print("tasks/s", (n - already) / took)


if __name__ == "__main__":
    what, name = sys.argv[1:]
    if what == "drain":
        drain()
    else:
        {"roundtrip": roundtrip, "push": push}[what](app.tasks[name])
