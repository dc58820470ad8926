"""Reads server-sent events, as the HTML standard has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, List

from .errors import SwitchyardError

MOST = 32 << 20  # bytes of one event


@dataclass(frozen=True)
class ServerEvent:
    """One event as it was sent."""

    name: str
    id: str
    data: str

    def json(self) -> Any:
        """The data, which the API writes as JSON."""
        try:
            return json.loads(self.data)
        except ValueError as err:
            raise SwitchyardError(f"event {self.id!r} of the stream is not JSON") from err


class Decoder:
    """Turns the bytes of a stream into events, wherever the chunks are cut.

    Only line feeds and carriage returns end a line: str.splitlines knows more ends, which a text in JSON may hold.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._size = 0
        self._name = ""
        self._id = ""
        self._data: List[str] = []

    def feed(self, chunk: bytes) -> List[ServerEvent]:
        """Takes bytes, and returns the events that are complete now."""
        whole = self._rest + chunk
        if len(whole) + self._size > MOST:
            raise SwitchyardError(f"the server has sent an event of more than {MOST} bytes")
        held = b"\r" if whole.endswith(b"\r") else b""  # a line feed may follow
        whole = whole[: len(whole) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = whole.split(b"\n")
        self._rest = rest + held
        events = []
        for line in lines:
            if line:
                self._take(line.decode("utf-8", "replace"))
            else:
                events += self._dispatch()
        return events

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "event":
            self._name = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "data":
            self._data.append(value)
            self._size += len(value)

    def _dispatch(self) -> List[ServerEvent]:
        name, data = self._name or "message", self._data
        self._name, self._data, self._size = "", [], 0
        return [ServerEvent(name, self._id, "\n".join(data))] if data else []
