#!/usr/bin/env python3
"""Sends a task from Python, follows it to its end, and prints its result.

    export SWITCHYARD_REDIS_URL=redis://127.0.0.1:6379/0
    python3 send_task.py scrape_page '{"url": "https://go.dev/"}'

The tasks in Redis are in asynq's own format, so let the switchyard command write them. It
also checks kind and payload first: a mistake is told here and not found in the dead letter.
"""

import json
import subprocess
import sys
import time

COMMAND_SECONDS = 30  # one command; it is done in milliseconds unless Redis is away
TASK_SECONDS = 600  # one task with its retries, as far as we wait for it
ENDED = ("succeeded", "failed", "cancelled", "expired")


class SwitchyardError(Exception):
    """What the switchyard command says is wrong."""


def switchyard(*args):
    """Runs the switchyard command, and returns the JSON it prints."""
    try:
        done = subprocess.run(["switchyard", *args], capture_output=True, text=True, timeout=COMMAND_SECONDS)
    except FileNotFoundError:
        raise SwitchyardError("no switchyard in PATH: run make build, and add bin/ to PATH") from None
    except subprocess.TimeoutExpired:
        raise SwitchyardError(f"no answer within {COMMAND_SECONDS} s: is Redis there?") from None
    if done.returncode != 0:
        raise SwitchyardError(done.stderr.strip())
    return json.loads(done.stdout)


def send(kind, payload):
    """Sends a task, and returns its receipt: id, kind, queue."""
    return switchyard("enqueue", "--", kind, json.dumps(payload))


def follow(receipt, seconds=TASK_SECONDS):
    """Waits for a task's end, and returns its status: state, result or last_error."""
    give_up = time.monotonic() + seconds
    while True:
        status = switchyard("task", "show", "--", f"{receipt['queue']}/{receipt['id']}")
        if status["state"] in ENDED:
            return status
        if time.monotonic() > give_up:
            raise SwitchyardError(f"still {status['state']} after {seconds} s: {status.get('last_error', 'no error')}")
        time.sleep(0.5)


def main(kind, payload="{}"):
    try:
        payload = json.loads(payload)
    except json.JSONDecodeError as err:
        raise SwitchyardError(f"payload is not JSON: {err}") from None
    receipt = send(kind, payload)
    print(f"{receipt['kind']} {receipt['id']} waits in {receipt['queue']}", file=sys.stderr)
    status = follow(receipt)
    if status["state"] != "succeeded":
        raise SwitchyardError(f"{status['state']}: {status.get('last_error', 'no error')}")
    print(json.dumps(status.get("result"), indent=2))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except SwitchyardError as err:
        sys.exit(f"send_task: {err}")
