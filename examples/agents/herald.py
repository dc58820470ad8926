"""An agent that is a program: it invites guests, each of them once.

Switchyard starts it for each attempt, with the task on its standard input. What it has done
is kept in the run's journal, so that it can be killed at any moment and go on where it was.
"""

import json
import os
import sys
import time


def tell(**line):
    print(json.dumps(line), flush=True)


def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit("nobody answers any more: the worker is gone")
    return json.loads(line)


def step(name, do, effect=False):
    """Does a step and returns its result; if it was done before, only that."""
    tell(type="begin", step=name, effect=effect)
    answer = hear()
    if not answer["go"]:
        return answer.get("result")
    result = do()
    tell(type="step", step=name, result=result)
    hear()  # now it is stored, and the next step may begin
    return result


def send(letter, guest):
    """Sends a letter. Here that is a line in a file; it cannot be taken back either way."""
    with open(os.environ.get("OUTBOX", "outbox.txt"), "a", encoding="utf-8") as outbox:
        outbox.write(f"{guest}: {letter}\n")
    return {"sent": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def main():
    task = hear()
    wish = task.get("input") or {}
    guests = wish.get("guests", [])
    if not guests:
        tell(type="error", message='field "input.guests" is empty: name at least one', permanent=True)
        return
    letter = step("write", lambda: f"{task['user']} invites you to {wish.get('event', 'dinner')}.")
    for number, guest in enumerate(guests, start=1):
        tell(type="progress", message=f"inviting {guest}", done=number, total=len(guests))
        step(f"invite {guest}", lambda guest=guest: send(letter, guest), effect=True)
    tell(type="result", result={"letter": letter, "invited": guests})


main()
