# Made by tools/make_sync.py: change _aio, and run it again.
"""Sends requests, and repeats those that may be repeated."""

from __future__ import annotations

import time
import json
import socket
from typing import Any, Generator, Iterator, Dict, Optional
from urllib.parse import urlsplit

import httpx

from ..errors import Problem, SwitchyardError, Unreachable
from ..retry import Pacer, again
from ..sse import Decoder, ServerEvent
from ..version import VERSION
from ..wire import Answer, Request, refusal

CONNECT = 5.0  # seconds for a connection
ANSWER = 15.0  # seconds for an answer, besides what the request waits for
SILENCE = 40.0  # seconds without a byte after which a stream is opened anew; the server sends one every 15

#: What fails before the server has heard anything.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Transport:
    """Connections to one API with one token, which never shows."""

    def __init__(self, url: str, token: Optional[str], timeout: float, transport: Optional[httpx.BaseTransport] = None) -> None:
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.hostname or place.query or place.fragment or "@" in place.netloc:
            raise ValueError("the URL is to be http(s)://host:port, without a user, a query or a fragment: a token is given as token")
        self.url = url.rstrip("/")
        self._timeout = timeout
        headers = {"Accept": "application/json", "User-Agent": f"switchyard-python/{VERSION}"}
        if token is not None:
            if not token.isascii() or not token.isprintable() or " " in token or not token:
                raise ValueError("the token is empty or has characters that no token has: give it as switchyard token make has printed it")
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(headers=headers, transport=transport)

    def close(self) -> None:
        self._http.close()

    def call(self, request: Request, timeout: Optional[float] = None) -> Answer:
        """Returns the answer. Raises a Problem, or Unreachable if none has come within the timeout in seconds."""
        pacer = Pacer(self._timeout if timeout is None else timeout)
        while True:
            failure: SwitchyardError
            try:
                return self._once(request)
            except Problem as problem:
                if not again(request, problem.status, problem.name):
                    raise
                failure = problem
            except httpx.TransportError as err:
                failure = Unreachable(f"{request.method} {self.url}{request.path}: {_words(err)}")
                if not request.safe and not isinstance(err, NEVER_SENT):
                    raise failure from err
            delay = pacer.next(failure.retry_after if isinstance(failure, Problem) else 0.0)
            if delay is None:
                raise failure
            time.sleep(delay)

    def _once(self, request: Request) -> Answer:
        response = self._http.request(
            request.method,
            self.url + request.path,
            params=request.query or None,
            content=request.body,
            headers=_headers(request),
            timeout=httpx.Timeout(ANSWER + request.wait, connect=CONNECT),
        )
        _hasten(response)
        if not response.is_success:
            raise refusal(response.status_code, response.headers, response.content)
        if not response.content:
            return Answer(response.status_code, response.headers, None)
        try:
            return Answer(response.status_code, response.headers, json.loads(response.content))
        except ValueError as err:
            raise SwitchyardError(f"{request.method} {self.url}{request.path}: the answer is not JSON: is this Switchyard's API?") from err

    def pages(self, path: str, query: Dict[str, str]) -> Iterator[Any]:
        """Yields the items of each page of a list."""
        cursor = ""
        while True:
            answer = self.call(Request("GET", path, {**query, "cursor": cursor} if cursor else query, safe=True))
            if not isinstance(answer.body, dict):
                raise SwitchyardError(f"{self.url}{path}: the server has answered no page")
            yield answer.body.get("items")
            cursor = str(answer.body.get("next") or "")
            if not cursor:
                return

    def follow(self, request: Request, last: str = "") -> Generator[ServerEvent, None, None]:
        """Yields the events of a stream, and opens it anew where it was cut. Ends by an error alone."""
        pacer = Pacer(self._timeout)
        while True:
            failure: SwitchyardError = Unreachable(f"{self.url}{request.path}: the stream has ended early")
            try:
                headers = {**_headers(request), "Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
                with self._http.stream(
                    "GET", self.url + request.path, params=request.query or None, headers=headers, timeout=httpx.Timeout(SILENCE, connect=CONNECT)
                ) as response:
                    if response.status_code != 200:
                        raise refusal(response.status_code, response.headers, response.read())
                    decoder = Decoder()
                    for chunk in response.iter_bytes():
                        pacer.reset()
                        for event in decoder.feed(chunk):
                            last = event.id or last
                            yield event
            except Problem as problem:
                if not again(request, problem.status, problem.name):
                    raise
                failure = problem
            except httpx.TransportError as err:
                failure = Unreachable(f"{self.url}{request.path}: {_words(err)}")
            delay = pacer.next(failure.retry_after if isinstance(failure, Problem) else 0.0)
            if delay is None:
                raise failure
            time.sleep(delay)


def _hasten(response: httpx.Response) -> None:
    """Has the connection hold nothing back from now on. httpcore before 0.17 writes the head and the body of a request one
    by one, and Nagle's algorithm has the body wait 40 ms for the acknowledgement of the head."""
    stream = response.extensions.get("network_stream")
    sock = stream.get_extra_info("socket") if stream else None
    if isinstance(sock, socket.socket) and sock.family in (socket.AF_INET, socket.AF_INET6):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            pass  # it is closed already


def _headers(request: Request) -> Dict[str, str]:
    return {**request.headers, **({"Content-Type": "application/json"} if request.body is not None else {})}


def _words(err: Exception) -> Any:
    return str(err) or type(err).__name__
