"""The tests run against the API of SWITCHYARD_API, with a worker behind it that has the agent probe.py."""

from __future__ import annotations

import asyncio
import inspect
import os
import uuid

import httpx
import pytest

from proxy import Proxy
from switchyard import AsyncBatch, AsyncJob, AsyncSchedule, AsyncSwitchyard, Switchyard


class Blocking:
    """Has coroutines of the asynchronous client block, so that each test runs on both clients."""

    def __init__(self, loop, inner):
        self.__dict__.update(_loop=loop, _inner=inner)

    def __getattr__(self, name):
        return self._done(getattr(self._inner, name))

    def __repr__(self):
        return repr(self._inner)

    def _done(self, value):
        if inspect.iscoroutine(value):
            return self._done(self._loop.run_until_complete(value))
        if inspect.isasyncgen(value):
            return self._items(value)
        if isinstance(value, (AsyncBatch, AsyncJob, AsyncSchedule)):
            return Blocking(self._loop, value)
        if inspect.ismethod(value):
            return lambda *args, **kwargs: self._done(value(*args, **kwargs))
        return value

    def _items(self, items):
        try:
            while True:
                try:
                    yield self._loop.run_until_complete(items.__anext__())
                except StopAsyncIteration:
                    return
        finally:
            self._loop.run_until_complete(items.aclose())


@pytest.fixture(params=["sync", "async"])
def connect(request):
    """Makes clients, which are closed with the test. answer is a function in place of a server."""
    loop = asyncio.new_event_loop()
    made = []

    def make(url=None, token=None, answer=None, **options):
        url, token = url or os.environ["SWITCHYARD_API"], token or os.environ["SWITCHYARD_TOKEN"]
        options["transport"] = httpx.MockTransport(answer) if answer else None
        if request.param == "sync":
            made.append(Switchyard(url, token, **options))
            return made[-1]
        made.append(AsyncSwitchyard(url, token, **options))
        return Blocking(loop, made[-1])

    yield make
    for client in made:
        if isinstance(client, Switchyard):
            client.close()
        else:
            loop.run_until_complete(client.aclose())
    loop.close()


@pytest.fixture
def sy(connect):
    """A client of the real API."""
    return connect()


@pytest.fixture
def user():
    """A user of whom nobody has heard."""
    return f"user-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def gate(tmp_path):
    """A file for which a task waits, by its path."""
    return tmp_path / "gate"


@pytest.fixture
def proxy():
    """A network between the client and the API, which can be cut."""
    with Proxy(os.environ["SWITCHYARD_API"]) as running:
        yield running
