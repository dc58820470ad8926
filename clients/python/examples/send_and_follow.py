"""Sends a task, follows it, and prints its result.

    export SWITCHYARD_API=http://127.0.0.1:8080 SWITCHYARD_TOKEN=sy_...
    python3 send_and_follow.py scrape_page '{"url": "https://go.dev/blog/"}'
"""

from __future__ import annotations

import json
import sys

from switchyard import Switchyard, SwitchyardError


def main(kind: str, payload: str) -> int:
    with Switchyard.from_env() as sy:
        try:
            job = sy.send(kind, json.loads(payload))
            for event in job.events():
                print(event.task.state, event.progress or "", file=sys.stderr)
            print(json.dumps(job.result(), indent=2))
        except SwitchyardError as err:
            print(err, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: send_and_follow.py KIND PAYLOAD")
    sys.exit(main(sys.argv[1], sys.argv[2]))
