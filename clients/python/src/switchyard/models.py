"""What the API answers. Fields that this release does not know are left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Mapping, Optional, Type, TypeVar, cast

from .errors import Problem, SwitchyardError

M = TypeVar("M")

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")


def moment(text: str) -> datetime:
    """Reads a time of RFC 3339. What is finer than a microsecond is cut off."""
    found = _MOMENT.fullmatch(text)
    if not found:
        raise SwitchyardError(f"the server has answered {text[:40]!r} where a time of RFC 3339 belongs")
    whole, fraction, zone = found.groups()
    zone = "+00:00" if zone == "Z" else zone
    return datetime.fromisoformat(f"{whole}{(fraction or '.0')[:7]:0<7}{zone}").astimezone(timezone.utc)


def read(model: Type[M], data: Any) -> M:
    """Makes a model of a JSON object."""
    if not isinstance(data, Mapping):
        raise SwitchyardError(f"the server has answered no JSON object where a {model.__name__} belongs")
    values: Dict[str, Any] = {}
    try:
        for f in fields(cast(Any, model)):
            if data.get(f.name) is not None:
                convert: Optional[Callable[[Any], Any]] = f.metadata.get("read")
                values[f.name] = convert(data[f.name]) if convert else data[f.name]
        return model(**values)
    except (TypeError, ValueError, AttributeError) as err:
        raise SwitchyardError(f"the server has answered no proper {model.__name__}: {err}") from err


def read_all(model: Type[M], data: Any) -> List[M]:
    """Makes models of a JSON array of objects."""
    if not isinstance(data, list):
        raise SwitchyardError(f"the server has answered no JSON array where a list of {model.__name__} belongs")
    return [read(model, item) for item in data]


def _when() -> Any:
    return field(default=None, metadata={"read": moment})


@dataclass(frozen=True)
class Task:
    """A task as it was when it was asked for. Times are in UTC; one that is not known is None."""

    id: str
    kind: str
    queue: str
    #: waiting, scheduled, held, running, retrying, parked, or an end: succeeded, failed, cancelled, expired, broken
    state: str
    ended: bool
    user: str = ""
    run: str = ""
    attempts: int = 0
    retries_left: int = 0
    due: Optional[datetime] = _when()
    since: Optional[datetime] = _when()
    expires: Optional[datetime] = _when()
    ended_at: Optional[datetime] = _when()
    payload: Any = None
    progress: Any = None
    result: Any = None
    last_error: str = ""
    error: Any = None
    broken: str = ""
    tags: List[str] = field(default_factory=list)
    meta: Dict[str, str] = field(default_factory=dict)
    #: When it was sent, by Redis's clock.
    created: Optional[datetime] = _when()
    #: The step that waits for a person, of a task that runs() has listed.
    waits: str = ""


@dataclass(frozen=True)
class Attempt:
    """An attempt at a task. One that runs has no outcome; of one that was lost little may be known."""

    number: int = 0
    began: Optional[datetime] = _when()
    ended: Optional[datetime] = _when()
    worker: str = ""
    outcome: str = ""
    error: str = ""
    trace_id: str = ""


@dataclass(frozen=True)
class BatchStatus:
    """How many tasks of a batch have ended, and how."""

    id: str
    total: int = 0
    waiting: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    expired: int = 0
    refused: int = 0
    deleted: int = 0
    done: bool = False
    created: Optional[datetime] = _when()
    #: The task that follows: its id, kind and address.
    then: Optional[Dict[str, str]] = None


@dataclass(frozen=True)
class Outcome:
    """What has become of a task of a batch. left_out: ask the task for its result."""

    id: str
    queue: str = ""
    state: str = ""
    result: Any = None
    left_out: bool = False
    error: str = ""


@dataclass(frozen=True)
class TaskEvent:
    """What has happened to a task: state, or ended, which is the last one."""

    name: str
    id: str
    task: Task

    @property
    def progress(self) -> Any:
        """What the task's handler has told last."""
        return self.task.progress


@dataclass(frozen=True)
class UserEvent:
    """What has happened to a user's agents."""

    name: str
    seq: int  # resumes after it, as events_of(user, after=seq)
    data: Dict[str, Any]


def _refusal(body: Any) -> Problem:
    return Problem(int(body.get("status", 0)), body)


@dataclass(frozen=True)
class Sent:
    """What became of one of many tasks: sent, duplicate (it was there before) or refused."""

    status: str
    id: str = ""
    queue: str = ""
    problem: Optional[Problem] = field(default=None, metadata={"read": _refusal})


@dataclass(frozen=True)
class Kind:
    """A kind of tasks: its queue, its policy, and the JSON Schema of its payload."""

    name: str
    version: int
    queue: str
    policy: Dict[str, Any]
    schema: Any = None


@dataclass(frozen=True)
class Queue:
    """How many tasks a queue holds."""

    name: str
    paused: bool
    waiting: int = 0
    running: int = 0
    scheduled: int = 0
    held: int = 0
    retrying: int = 0
    failed: int = 0
    succeeded: int = 0


@dataclass(frozen=True)
class Brake:
    """What the agents of a user do, and what a change of their brake has brought about."""

    user: str
    state: str
    running: List[str] = field(default_factory=list)
    parked: int = 0
    waits: Dict[str, str] = field(default_factory=dict)
    why: str = ""
    seq: int = 0
    changed: Optional[bool] = None
    stopped: List[str] = field(default_factory=list)
    unconfirmed: List[str] = field(default_factory=list)
    resumed: List[str] = field(default_factory=list)


def _moments(texts: Any) -> List[datetime]:
    return [moment(text) for text in texts]


@dataclass(frozen=True)
class Entry:
    """An entry of the schedule, and what became of it."""

    id: str
    spec: str
    kind: str
    state: str
    origin: str = ""
    zone: str = ""
    cron: str = ""
    payload: Any = None
    queue: str = ""
    catch_up: str = ""
    catch_up_limit: int = 0
    fresh_for: str = ""
    expires: str = ""
    start: Optional[datetime] = _when()
    end: Optional[datetime] = _when()
    max_runs: int = 0
    spread: str = ""
    overlap: str = ""
    owner: str = ""
    due: Optional[datetime] = _when()
    last: Optional[datetime] = _when()
    last_task: str = ""
    error: str = ""
    runs: int = 0
    skipped: int = 0
    paused: bool = False
    revision: int = 0
    next: List[datetime] = field(default_factory=list, metadata={"read": _moments})


@dataclass(frozen=True)
class ChildToken:
    """A short-lived token. Its text is told once, and does not show when it is printed."""

    id: str
    token: str = field(repr=False)
    scopes: List[str] = field(default_factory=list)
    user: str = ""
    tasks: List[str] = field(default_factory=list)
    expires: Optional[datetime] = _when()
