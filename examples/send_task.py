#!/usr/bin/env python3
"""Sends a task from Python and follows it to its end.

    SWITCHYARD_REDIS_URL=redis://127.0.0.1:6379/0 python3 send_task.py scrape_page '{"url": "https://go.dev/"}'

The command line checks the kind and the payload before anything is sent, so a mistake is
told here and not found in the dead letter.
"""

import json
import subprocess
import sys
import time


def switchyard(*args):
    """Runs the switchyard command and returns what it printed, as JSON."""
    done = subprocess.run(["switchyard", *args], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr.strip())
    return json.loads(done.stdout)


def main(kind, payload="{}"):
    receipt = switchyard("enqueue", kind, payload)
    print(f"sent {receipt['kind']} {receipt['id']} to {receipt['queue']}")
    while True:
        task = switchyard("task", "show", receipt["queue"], receipt["id"])
        if task["state"] in ("completed", "archived"):
            print(json.dumps(task.get("result", task.get("last_error")), indent=2))
            return
        time.sleep(0.5)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
