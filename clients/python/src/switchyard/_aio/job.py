"""One task, to look at, wait for and change."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, AsyncGenerator, Dict, List, Optional, Union

from ..errors import WaitTimeout, ending
from ..models import Attempt, Task, TaskEvent, read, read_all
from ..wire import Request, Span, encode, once, path, span, times
from .transport import AsyncTransport

POLL = 20.0  # seconds for which one request waits for the end of a task


class AsyncJob:
    """A task by its ID. Where two queues have a task of that ID, the queue tells them apart."""

    def __init__(self, transport: AsyncTransport, id: str, queue: Optional[str] = None, task: Optional[Task] = None, duplicate: bool = False) -> None:
        self._transport = transport
        self.id = id
        self.queue = queue
        #: The task as it was seen last, None if nobody has looked.
        self.task = task
        #: Whether sending has added nothing, because the task was there before.
        self.duplicate = duplicate
        self._etag = ""  # of the task as it was seen last, where the API has told it

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, state={(self.task.state if self.task else None)!r})"

    def _query(self) -> Dict[str, str]:
        return {"queue": self.queue} if self.queue else {}

    async def look(self) -> Task:
        """Asks for the task as it is now."""
        return await self._seen(Request("GET", path("tasks", self.id), self._query(), safe=True))

    async def _seen(self, request: Request, timeout: Optional[float] = None) -> Task:
        answer = await self._transport.call(request, timeout)
        self.task = read(Task, answer.body)
        self.queue = self.task.queue
        self._etag = answer.headers.get("etag", "")
        return self.task

    async def wait(self, timeout: Optional[float] = None) -> Task:
        """Waits for the end of the task, however it ends. Raises WaitTimeout after so many seconds; None: never."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.task is None or not self.task.ended:
            left = None if end is None else max(0.0, end - time.monotonic())
            poll = POLL if left is None else min(POLL, left)
            query = {**self._query(), "wait": span(poll)} if poll >= 0.001 else self._query()
            request = Request("GET", path("tasks", self.id), query, safe=True, wait=poll)
            task = await self._seen(request, left)
            if not task.ended and end is not None and time.monotonic() >= end:
                raise WaitTimeout(f"task {self.id} is {task.state} after {timeout:g} seconds: it goes on")
        return self.task

    async def result(self, timeout: Optional[float] = None) -> Any:
        """Waits for the result. Raises TaskFailed, TaskCancelled, TaskExpired, or WaitTimeout after so many seconds."""
        task = await self.wait(timeout)
        error = ending(task)
        if error is not None:
            raise error
        return task.result

    async def events(self) -> AsyncGenerator[TaskEvent, None]:
        """Yields what happens to the task until it has ended. A stream that is cut is resumed."""
        stream = self._transport.follow(Request("GET", path("tasks", self.id, "events"), self._query()))
        try:
            async for event in stream:
                self.task, self._etag = read(Task, event.json()), ""
                yield TaskEvent(event.name, event.id, self.task)
                if event.name == "ended":
                    return
        finally:
            await stream.aclose()

    async def attempts(self) -> List[Attempt]:
        """The latest 50 attempts at the task, the oldest first."""
        answer = await self._transport.call(Request("GET", path("tasks", self.id, "attempts"), self._query(), safe=True))
        return read_all(Attempt, answer.body.get("items") if isinstance(answer.body, dict) else None)

    async def change(self, *, at: Optional[datetime] = None, in_: Optional[Span] = None, expires: Union[datetime, Span, None] = None) -> Task:
        """Changes when the task runs that waits, and by when it must be done.

        After look() or change() nothing changes if somebody else has changed the task meanwhile: the Problem is changed.
        """
        headers = {"If-Match": self._etag} if self._etag else {}
        return await self._seen(Request("PATCH", path("tasks", self.id), self._query(), encode(times(at, in_, expires)), headers, safe=not headers))

    async def cancel(self, reason: str = "", *, key: Optional[str] = None) -> Task:
        """Has the task never run again, and asks a running attempt to stop. wait() tells when it has.

        key names the request, here and below: made again with the same key, it does nothing more. Each call has one.
        """
        body = encode({"reason": reason}) if reason else None
        return await self._seen(Request("POST", path("tasks", self.id, "cancel"), self._query(), body, once(key), safe=True))

    async def run(self, *, key: Optional[str] = None) -> Task:
        """Runs the task now that waits for a time, is parked or has failed."""
        return await self._seen(Request("POST", path("tasks", self.id, "run"), self._query(), headers=once(key), safe=True))

    async def replay(self, *, key: Optional[str] = None) -> AsyncJob:
        """Sends a new task with the payload of this one, which has ended."""
        answer = await self._transport.call(Request("POST", path("tasks", self.id, "replay"), self._query(), headers=once(key), safe=True))
        task = read(Task, answer.body)
        return AsyncJob(self._transport, task.id, task.queue, task)

    async def delete(self) -> None:
        """Deletes the task, which must not run."""
        await self._transport.call(Request("DELETE", path("tasks", self.id), self._query()))
