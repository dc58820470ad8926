"""The same agent as a program of Switchyard: it reads a task and writes what becomes of it."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from app import scout  # noqa: E402


def say(**line):
    print(json.dumps(line), flush=True)


task = json.loads(sys.stdin.readline())
say(type="result", result=scout.find(task["user"], tell=lambda done, total: say(type="progress", done=done, total=total), **task["input"]))
