"""The agent of the tests: does what the input of its task says."""

import json
import os
import sys
import time


def tell(**line):
    print(json.dumps(line), flush=True)


wanted = json.loads(sys.stdin.readline()).get("input") or {}
if "progress" in wanted:
    tell(type="progress", message=wanted["progress"], done=1, total=2)
while "until" in wanted and not os.path.exists(wanted["until"]):  # as a program that waits for the world does
    time.sleep(0.02)
if "fail" in wanted:
    tell(type="error", message=wanted["fail"], permanent=True)
else:
    tell(type="result", result=wanted.get("give"))
