"""Measures how fast tasks are sent from Python: by this client one by one and many at once, and by Celery's own
client one by one, on the same Redis.

    SWITCHYARD_API=http://127.0.0.1:8080 python3 bench/send.py --celery redis://127.0.0.1:6379/15

Without --celery there is no baseline. The tasks wait an hour, so that no worker takes them, and are tagged
"bench". Use a Redis that you can throw away.
"""

import argparse
import statistics
import time

from switchyard import NewTask, Switchyard

KIND = "scrape_page"


def payload(n):
    return {"url": f"https://example.org/{n}"}


def one_by_one(send, count):
    """Prints what a call of send takes, and returns how many there are in a second."""
    took = []
    for n in range(count):
        began = time.perf_counter()
        send(n)
        took.append(time.perf_counter() - began)
    took.sort()
    p50, p99 = statistics.median(took) * 1000, took[len(took) * 99 // 100] * 1000
    rate = count / sum(took)
    print(f"  p50 {p50:.2f} ms, p99 {p99:.2f} ms, {rate:,.0f} tasks/s")
    return rate


def many(client, count):
    """Sends tasks a thousand to a request and returns how many there were in a second."""
    began = time.perf_counter()
    for first in range(0, count, 1000):
        sent = client.send_many([NewTask(KIND, payload(n), in_="1h", tags=["bench"]) for n in range(first, first + 1000)])
        refused = [s for s in sent if s.status == "refused"]
        if refused:
            raise SystemExit(f"{len(refused)} tasks are refused: {refused[0].problem}")
    rate = count / (time.perf_counter() - began)
    print(f"  {rate:,.0f} tasks/s")
    return rate


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--celery", metavar="URL", help="a Redis for Celery's client")
    parser.add_argument("--count", type=int, default=2000, help="tasks sent one by one")
    asked = parser.parse_args()
    with Switchyard.from_env() as client:
        print("switchyard, one by one:")
        one_by_one(lambda n: client.send(KIND, payload(n), in_="1h", tags=["bench"]), asked.count)
        print("switchyard, a thousand to a request:")
        bulk = many(client, 20_000)
    if asked.celery:
        from celery import Celery

        app = Celery(broker=asked.celery)
        print("celery, one by one:")
        single = one_by_one(lambda n: app.send_task(KIND, kwargs=payload(n), countdown=3600), asked.count)
        print(f"many at once are {bulk / single:.1f} times as fast as celery's one by one")


if __name__ == "__main__":
    main()
