"""What the client raises. Everything is a SwitchyardError."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

if TYPE_CHECKING:
    from .models import Task


class SwitchyardError(Exception):
    """The base of all errors of this package."""


class Unreachable(SwitchyardError, ConnectionError):
    """No answer came. A request that is not safe to repeat may have been performed."""


class WaitTimeout(SwitchyardError, TimeoutError):
    """The task has not ended in the time that the caller waits. It goes on."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one part of a request."""

    detail: str
    pointer: str = ""  # the place in the body, as RFC 6901 has it
    parameter: str = ""  # of the path, the query or the header
    value: Any = None


class Problem(SwitchyardError):
    """The API has refused a request, as RFC 9457 has it."""

    def __init__(self, status: int, body: Mapping[str, Any], request_id: str = "", retry_after: float = 0.0) -> None:
        self.status = status
        self.type = str(body.get("type") or "about:blank")
        self.title = str(body.get("title") or "")
        self.detail = str(body.get("detail") or self.title or f"the server has answered {status}")
        self.errors = _faults(body.get("errors"))
        #: Everything that the API has said, such as the kinds that are known.
        self.body: Dict[str, Any] = dict(body)
        #: Names the request in the server's log.
        self.request_id = request_id
        #: The seconds after which the server wants to be asked again, 0 if it has said nothing.
        self.retry_after = retry_after
        super().__init__(f"{self.detail} ({self.name}, {status})")

    @property
    def name(self) -> str:
        """The last part of the type: invalid, not-found, id-taken and so on."""
        return self.type.rsplit("/", 1)[-1]


def _faults(value: Any) -> List[Fault]:
    if not isinstance(value, list):
        return []
    return [
        Fault(str(f.get("detail", "")), str(f.get("pointer", "")), str(f.get("parameter", "")), f.get("value"))
        for f in value
        if isinstance(f, dict)
    ]


class TaskEnded(SwitchyardError):
    """The task has ended without a result. Its subclasses say how."""

    def __init__(self, task: Task) -> None:
        self.task = task
        super().__init__(f"task {task.id} ({task.kind}) is {task.state}: {task.last_error or 'nothing is said about why'}")


class TaskFailed(TaskEnded):
    """The last attempt has failed, or what is kept of the task cannot be read."""


class TaskCancelled(TaskEnded):
    """Somebody has cancelled the task."""


class TaskExpired(TaskEnded):
    """The task was not done by its deadline."""


def ending(task: Task) -> Optional[TaskEnded]:
    """The error of a task that has ended, None if it has succeeded."""
    if task.state == "succeeded":
        return None
    return {"cancelled": TaskCancelled, "expired": TaskExpired}.get(task.state, TaskFailed)(task)
