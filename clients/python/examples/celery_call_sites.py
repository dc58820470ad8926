"""Call sites as they were with Celery: only where the tasks come from has changed.

    export SWITCHYARD_API=http://127.0.0.1:8080 SWITCHYARD_TOKEN=sy_... AGENT=agent_scout
    python3 celery_call_sites.py ada
"""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, Optional

from switchyard import Switchyard, TaskFailed

sy = Switchyard.from_env()  # was: app = Celery(...)


@sy.task(os.environ.get("AGENT", "agent_scout"))  # was: @app.task(name=...)
def scout(user: str, input: Optional[Dict[str, Any]] = None) -> Any:
    """The parameters name the fields of the payload. The work is done by a worker of Switchyard."""


def main(user: str) -> None:
    result = scout.delay(user, {"limit": 5})
    try:
        print("now:", result.get(timeout=60))
    except TaskFailed as err:
        print("now:", err)
    later = scout.apply_async(kwargs={"user": user, "input": {}}, countdown=3600, expires=7200)
    print("later:", later.state)
    later.revoke()
    print("revoked:", later.state)


if __name__ == "__main__":
    main(sys.argv[1])
