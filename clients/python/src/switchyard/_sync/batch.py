# Made by tools/make_sync.py: change _aio, and run it again.
"""Tasks that were sent together."""

from __future__ import annotations

import time
from time import monotonic
from typing import Iterator, List, Optional

from ..errors import WaitTimeout
from ..models import BatchStatus, Outcome, Sent, read, read_all
from ..wire import Request, encode, path
from .job import Job
from .transport import Transport

LOOK = 2.0  # seconds between two looks at a batch, at most


class Batch:
    """A batch by its ID."""

    def __init__(self, transport: Transport, id: str, sent: Optional[List[Sent]] = None) -> None:
        self._transport = transport
        self.id = id
        #: What became of each task as it was sent, empty if this client has not sent them.
        self.sent = sent or []

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    def status(self) -> BatchStatus:
        """Counts what has become of the tasks."""
        return read(BatchStatus, (self._transport.call(Request("GET", path("batches", self.id), safe=True))).body)

    def results(self) -> Iterator[Outcome]:
        """Yields what has become of each task, in their order."""
        for page in self._transport.pages(path("batches", self.id, "results"), {}):
            for outcome in read_all(Outcome, page):
                yield outcome

    def wait(self, timeout: Optional[float] = None) -> BatchStatus:
        """Waits until all tasks have ended. Raises WaitTimeout after so many seconds; None: never."""
        end, pause = None if timeout is None else monotonic() + timeout, 0.1
        while True:
            batch = self.status()
            if batch.done:
                return batch
            left = LOOK if end is None else end - monotonic()
            if left <= 0:
                raise WaitTimeout(f"batch {self.id} has {batch.waiting + batch.running} tasks after {timeout:g} seconds that have not ended: they go on")
            time.sleep(min(pause, left))
            pause = min(2 * pause, LOOK)

    def then(self) -> Optional[Job]:
        """The task that follows, None if none does. It is there once all others have ended."""
        following = (self.status()).then
        return None if following is None else Job(self._transport, following["id"])

    def cancel(self, reason: str = "") -> BatchStatus:
        """Cancels the tasks that have not ended."""
        body = encode({"reason": reason}) if reason else None
        return read(BatchStatus, (self._transport.call(Request("POST", path("batches", self.id, "cancel"), {}, body, safe=True))).body)
