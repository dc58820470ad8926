"""The client: sends tasks, and operates the system that performs them."""

from __future__ import annotations

import os
import uuid
from datetime import datetime
from types import TracebackType
from typing import Any, AsyncGenerator, AsyncIterator, Dict, Iterable, List, Mapping, Optional, Sequence, Type, TypeVar, Union

import httpx

from ..models import Brake, ChildToken, Kind, Queue, Sent, Task, UserEvent, read, read_all
from ..wire import NewTask, Payload, Request, Span, encode, moment, once, path, present, span
from .batch import AsyncBatch
from .job import AsyncJob
from .schedule import AsyncSchedule
from .transport import AsyncTransport

C = TypeVar("C", bound="AsyncSwitchyard")

BRAKE = 60.0  # seconds that a brake may take until all agents of a user have stopped


class AsyncSwitchyard:
    """A client of the API at a URL such as http://127.0.0.1:8080, with a token that switchyard token make has printed.

    timeout bounds how long a request is repeated, in seconds. Make one client for a process, and close it: it keeps
    connections. A process that forks makes its own afterwards.
    """

    def __init__(self, url: str, token: Optional[str] = None, *, timeout: float = 30.0, transport: Optional[httpx.AsyncBaseTransport] = None) -> None:
        self._transport = AsyncTransport(url, token, timeout, transport)
        self.schedule = AsyncSchedule(self._transport)

    @classmethod
    def from_env(cls: Type[C], *, timeout: float = 30.0) -> C:
        """Takes the URL from SWITCHYARD_API and the token from SWITCHYARD_TOKEN."""
        url = os.environ.get("SWITCHYARD_API")
        if not url:
            raise ValueError("SWITCHYARD_API is not set: set it to the API's URL, such as http://127.0.0.1:8080")
        return cls(url, os.environ.get("SWITCHYARD_TOKEN") or None, timeout=timeout)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport.url!r})"

    async def __aenter__(self: C) -> C:
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]], err: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._transport.aclose()

    async def send(
        self,
        kind: str,
        payload: Optional[Payload] = None,
        *,
        key: Optional[str] = None,
        id: Optional[str] = None,
        queue: Optional[str] = None,
        at: Optional[datetime] = None,
        in_: Optional[Span] = None,
        expires: Union[datetime, Span, None] = None,
        unique: Optional[Span] = None,
        retention: Optional[Span] = None,
        tags: Sequence[str] = (),
        meta: Optional[Mapping[str, str]] = None,
        notify: Sequence[Union[str, Mapping[str, Any]]] = (),
        wait: Optional[int] = None,
        **fields: Any,
    ) -> AsyncJob:
        """Sends a task; other arguments are fields of its payload.

        key names the request: sent again within a day, also by another process, it adds nothing. Without one each call
        makes its own, so that a repetition after a lost answer adds nothing either. wait has the answer wait up to so
        many seconds, at most 60, for the end of the task. The task is found by its tags; meta is what you note with it. notify
        has the URLs that are told of its end, or {"url": ..., "on": ["failed"]} for some ends alone.
        """
        task = NewTask(kind, {**(payload or {}), **fields}, id, queue, at, in_, expires, unique, retention, tags, meta or {}, notify)
        headers = {**once(key), **({} if wait is None else {"Prefer": f"wait={wait}"})}
        answer = await self._transport.call(Request("POST", path("tasks"), {}, encode(task.body()), headers, safe=True, wait=wait or 0.0))
        sent = read(Task, answer.body)
        return AsyncJob(self._transport, sent.id, sent.queue, sent, answer.headers.get("idempotency-replayed") == "true")

    async def send_many(self, tasks: Iterable[NewTask], *, atomic: bool = False, key: Optional[str] = None) -> List[Sent]:
        """Sends up to 1000 tasks, and says in their order what became of each. With atomic, all or none.

        key names the request, as with send: made again, it adds nothing and is answered the same.
        """
        body = encode({"atomic": atomic, "items": [task.body() for task in tasks]})
        answer = await self._transport.call(Request("POST", path("tasks", "batch"), {}, body, once(key), safe=True))
        return read_all(Sent, answer.body.get("items") if isinstance(answer.body, dict) else None)

    async def send_batch(
        self,
        tasks: Iterable[NewTask],
        *,
        id: Optional[str] = None,
        then: Optional[NewTask] = None,
        results: str = "/results",
        atomic: bool = False,
        key: Optional[str] = None,
    ) -> AsyncBatch:
        """Sends up to 1000 tasks as a batch. then is a task that is sent once when all of them have ended.

        results is a JSON pointer to where in the payload of then the results go, such as /input/results. Of then only the
        kind and the payload count. key names the request, as with send; the ID of a batch does as well.
        """
        follows = None if then is None else {"kind": then.kind, "payload": dict(then.payload), "results": results}
        name = id or uuid.uuid4().hex
        body = encode(present(id=name, then=follows, atomic=atomic, items=[task.body() for task in tasks]))
        answer = await self._transport.call(Request("POST", path("tasks", "batch"), {}, body, once(key), safe=True))
        return AsyncBatch(self._transport, name, read_all(Sent, answer.body.get("items") if isinstance(answer.body, dict) else None))

    def batch(self, id: str) -> AsyncBatch:
        """The batch of an ID. Nothing is asked yet."""
        return AsyncBatch(self._transport, id)

    def job(self, id: str, queue: Optional[str] = None) -> AsyncJob:
        """The task of an ID. Nothing is asked yet."""
        return AsyncJob(self._transport, id, queue)

    async def list(
        self,
        *,
        kind: Optional[str] = None,
        state: Union[str, Sequence[str], None] = None,
        user: Optional[str] = None,
        tag: Optional[str] = None,
        queue: Optional[str] = None,
        from_: Optional[datetime] = None,
        to: Optional[datetime] = None,
        since: Optional[datetime] = None,
    ) -> AsyncIterator[Task]:
        """Yields tasks, page by page, as far as they are asked for.

        kind is one, or the beginning of some with * behind it, such as agent_*. from_ and to bound when they were sent,
        since when they came to their state.
        """
        moments = {name: None if at is None else moment(at) for name, at in (("from", from_), ("to", to), ("since", since))}
        query = present(kind=kind, state=_joined(state), user=user, tag=tag, queue=queue, **moments)
        async for page in self._transport.pages(path("tasks"), query):
            for task in read_all(Task, page):
                yield task

    async def runs(
        self,
        *,
        kind: Optional[str] = None,
        state: Union[str, Sequence[str], None] = None,
        user: Optional[str] = None,
        tag: Optional[str] = None,
        waits: bool = False,
    ) -> AsyncIterator[Task]:
        """Yields the tasks of agents. With waits, those alone with a step that waits for a person: waits of the task."""
        query = present(kind=kind, state=_joined(state), user=user, tag=tag, waits="true" if waits else None)
        async for page in self._transport.pages(path("runs"), query):
            for task in read_all(Task, page):
                yield task

    async def pause(self, user: str) -> Brake:
        """Stops the agents of a user at once; "*" stops those of everyone."""
        return await self._brake(user, True)

    async def resume(self, user: str) -> Brake:
        """Has the agents of a user go on."""
        return await self._brake(user, False)

    async def _brake(self, user: str, on: bool) -> Brake:
        request = Request("PUT", path("users", user, "brake"), body=encode({"on": on}), safe=True, wait=BRAKE)
        return read(Brake, (await self._transport.call(request)).body)

    async def brake(self, user: str) -> Brake:
        """Looks at what the agents of a user do."""
        return read(Brake, (await self._transport.call(Request("GET", path("users", user, "brake"), safe=True))).body)

    async def events_of(self, user: str, *, after: Optional[int] = None) -> AsyncGenerator[UserEvent, None]:
        """Yields what happens to a user's agents, without an end, from now on or after the event of a number."""
        seq = (await self.brake(user)).seq if after is None else after
        stream = self._transport.follow(Request("GET", path("users", user, "events")), str(seq))
        try:
            async for event in stream:
                data = event.json()
                yield UserEvent(event.name, int(event.id) if event.id.isdigit() else 0, data if isinstance(data, dict) else {})
        finally:
            await stream.aclose()

    async def kinds(self) -> List[Kind]:
        """The kinds of tasks that there are."""
        return read_all(Kind, (await self._transport.call(Request("GET", path("kinds"), safe=True))).body)

    async def queues(self) -> List[Queue]:
        """The queues, with how many tasks they hold."""
        return read_all(Queue, (await self._transport.call(Request("GET", path("queues"), safe=True))).body)

    async def child_token(
        self, scopes: Sequence[str], expires_in: Span, *, user: Optional[str] = None, tasks: Optional[Sequence[str]] = None, name: Optional[str] = None
    ) -> ChildToken:
        """Makes a short-lived token that may do less than this one, such as one for a browser."""
        body: Dict[str, Any] = present(scopes=[*scopes], expires_in=span(expires_in), user=user, tasks=None if tasks is None else [*tasks], name=name)
        return read(ChildToken, (await self._transport.call(Request("POST", path("tokens"), {}, encode(body)))).body)


def _joined(states: Union[str, Sequence[str], None]) -> Optional[str]:
    return states if states is None or isinstance(states, str) else ",".join(states)
