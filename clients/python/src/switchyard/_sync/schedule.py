# Made by tools/make_sync.py: change _aio, and run it again.
"""The schedule: what is sent at set times."""

from __future__ import annotations

from datetime import datetime
from typing import Iterator, Optional

from ..models import Entry, Task, read, read_all
from ..wire import Payload, Request, Span, encode, moment, once, path, present, span
from .job import Job
from .transport import Transport


class Schedule:
    """The entries of the schedule, as client.schedule."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def put(
        self,
        id: str,
        spec: str,
        kind: str,
        payload: Optional[Payload] = None,
        *,
        zone: Optional[str] = None,
        cron: Optional[str] = None,
        queue: Optional[str] = None,
        catch_up: Optional[str] = None,
        catch_up_limit: Optional[int] = None,
        fresh_for: Optional[Span] = None,
        expires: Optional[Span] = None,
        start: Optional[datetime] = None,
        end: Optional[datetime] = None,
        max_runs: Optional[int] = None,
        spread: Optional[Span] = None,
        overlap: Optional[str] = None,
        owner: Optional[str] = None,
        only_new: bool = False,
        revision: Optional[int] = None,
        dry_run: bool = False,
    ) -> Entry:
        """Adds an entry or replaces all of it. The answer says when it is due next.

        With only_new an entry that is there raises the Problem changed; with revision, one that somebody has changed
        since. With dry_run the entry is checked, and nothing changes.
        """
        spans = {"fresh_for": fresh_for, "expires": expires, "spread": spread}
        body = present(
            spec=spec, kind=kind, payload=None if payload is None else dict(payload), zone=zone, cron=cron, queue=queue,
            catch_up=catch_up, catch_up_limit=catch_up_limit, max_runs=max_runs, overlap=overlap, owner=owner,
            start=None if start is None else moment(start), end=None if end is None else moment(end),
            **{name: None if value is None else span(value) for name, value in spans.items()},
        )
        headers = {"If-None-Match": "*"} if only_new else {} if revision is None else {"If-Match": f'"{revision}"'}
        query = {"dry_run": "true"} if dry_run else {}
        answer = self._transport.call(Request("PUT", path("schedule", id), query, encode(body), headers, safe=not headers))
        return read(Entry, answer.body)

    def get(self, id: str) -> Entry:
        """Looks at an entry."""
        return read(Entry, (self._transport.call(Request("GET", path("schedule", id), safe=True))).body)

    def list(
        self, *, owner: Optional[str] = None, kind: Optional[str] = None, origin: Optional[str] = None, state: Optional[str] = None, match: Optional[str] = None
    ) -> Iterator[Entry]:
        """Yields the entries, page by page."""
        query = present(owner=owner, kind=kind, origin=origin, state=state, match=match)
        for page in self._transport.pages(path("schedule"), query):
            for entry in read_all(Entry, page):
                yield entry

    def delete(self, id: str) -> None:
        """Removes an entry."""
        self._transport.call(Request("DELETE", path("schedule", id)))

    def pause(self, id: str) -> Entry:
        """Has an entry send nothing until it is resumed."""
        return self._paused(id, True)

    def resume(self, id: str) -> Entry:
        """Has a paused entry go on."""
        return self._paused(id, False)

    def _paused(self, id: str, paused: bool) -> Entry:
        request = Request("PATCH", path("schedule", id), body=encode({"paused": paused}), safe=True)
        return read(Entry, (self._transport.call(request)).body)

    def run(self, id: str, *, key: Optional[str] = None) -> Job:
        """Sends the task of an entry now, whenever it is due. Made again with the same key, it sends nothing."""
        request = Request("POST", path("schedule", id, "run"), headers=once(key), safe=True)
        task = read(Task, (self._transport.call(request)).body)
        return Job(self._transport, task.id, task.queue, task)
