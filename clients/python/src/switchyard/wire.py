"""How requests are written: times, spans, addresses and bodies."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union
from urllib.parse import quote

from .errors import Problem

#: A number of seconds, a timedelta, or text such as "90s", "10m" or "24h".
Span = Union[int, float, timedelta, str]

#: JSON objects.
Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """A request. Only one that is safe is repeated when nobody knows what became of it."""

    method: str
    path: str
    query: Dict[str, str] = field(default_factory=dict)
    body: Optional[bytes] = None
    headers: Dict[str, str] = field(default_factory=dict)
    safe: bool = False
    wait: float = 0.0  # seconds for which the server may hold its answer back


@dataclass(frozen=True)
class Answer:
    """What a request was answered."""

    status: int
    headers: Mapping[str, str]
    body: Any


def span(value: Span) -> str:
    """Writes a span of time as the API reads it."""
    if isinstance(value, str):
        return value
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if not 0 <= seconds < 1e10:
        raise ValueError(f"{value!r} is no span of time: give seconds that are not negative, a timedelta or text such as '90s'")
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def moment(value: datetime) -> str:
    """Writes a time as RFC 3339 in UTC. A time without a zone may mean anything, and is refused."""
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone: give one, such as datetime.now(timezone.utc)")
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def path(*parts: str) -> str:
    """Makes an address below /v1 of names, whatever characters they have."""
    for part in parts:
        if part in ("", ".", ".."):
            raise ValueError(f"{part!r} names nothing: give an ID")
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def encode(value: Any) -> bytes:
    """Writes JSON. NaN and infinity are none, and are refused."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def present(**values: Any) -> Dict[str, Any]:
    """The values that are given."""
    return {name: value for name, value in values.items() if value is not None}


def once(key: Optional[str] = None) -> Dict[str, str]:
    """The header that has a request done once, however often it is made: by a key of the caller's, or by a new one."""
    return {"Idempotency-Key": key or uuid.uuid4().hex}


def times(at: Optional[datetime], in_: Optional[Span], expires: Union[datetime, Span, None]) -> Dict[str, str]:
    """When a task runs, and by when it must be done, as the API reads it."""
    by = expires if isinstance(expires, datetime) else None
    within = None if isinstance(expires, datetime) else expires
    return present(
        at=None if at is None else moment(at),
        expires=None if by is None else moment(by),
        expires_in=None if within is None else span(within),
        **{} if in_ is None else {"in": span(in_)},
    )


@dataclass(frozen=True)
class NewTask:
    """A task that is to be sent. It is found by its tags. meta is what you note with it. notify has who is told of its end."""

    kind: str
    payload: Payload = field(default_factory=dict)
    id: Optional[str] = None
    queue: Optional[str] = None
    at: Optional[datetime] = None
    in_: Optional[Span] = None
    expires: Union[datetime, Span, None] = None
    unique: Optional[Span] = None
    retention: Optional[Span] = None
    tags: Sequence[str] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
    notify: Sequence[Union[str, Mapping[str, Any]]] = ()

    def body(self) -> Dict[str, Any]:
        """The task as the API reads it."""
        return present(
            kind=self.kind,
            payload=dict(self.payload),
            id=self.id,
            queue=self.queue,
            unique=None if self.unique is None else span(self.unique),
            retention=None if self.retention is None else span(self.retention),
            tags=_texts("tags", self.tags),
            meta=dict(self.meta) or None,
            notify=[{"url": hook} if isinstance(hook, str) else dict(hook) for hook in _texts("notify", self.notify) or []] or None,
            **times(self.at, self.in_, self.expires),
        )


def _texts(name: str, values: Any) -> Optional[List[Any]]:
    """A list that is given, None if it is empty. A single text would be taken for its letters."""
    if isinstance(values, str):
        raise ValueError(f"{name} is {values!r}: give a list, such as [{values!r}]")
    return [*values] or None


def refusal(status: int, headers: Mapping[str, str], text: bytes) -> Problem:
    """The problem that an answer tells. A server in between may tell none."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {"detail": f"the server has answered {status} and no problem: is this the address of Switchyard's API?"}
    return Problem(status, body, headers.get("x-request-id", ""), _asked_to_wait(headers.get("retry-after", "")))


def _asked_to_wait(text: str) -> float:
    """The seconds of a Retry-After, 0 if there is none that can be read."""
    try:
        return max(0.0, float(int(text)))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(text)
        return max(0.0, (when - datetime.now(timezone.utc)).total_seconds())
    except (TypeError, ValueError, IndexError):
        return 0.0
