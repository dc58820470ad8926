"""When a request is repeated, and after how long."""

from __future__ import annotations

import random
import time
from typing import Optional

from .wire import Request

FIRST = 0.1  # seconds before the first repetition, about
LONGEST = 5.0  # seconds between two, about


def again(request: Request, status: int, problem: str) -> bool:
    """Whether a request that was answered so may be repeated: it was not performed, or it is safe."""
    if status == 429:
        return True
    return request.safe and (status in (502, 503, 504) or problem == "key-in-progress")


class Pacer:
    """Says how long to wait before each repetition, within a total of seconds."""

    def __init__(self, total: float) -> None:
        self._total = total
        self.reset()

    def reset(self) -> None:
        """Starts anew: something has been heard of the server."""
        self._end = time.monotonic() + self._total
        self._step = FIRST

    def left(self) -> float:
        """The seconds that are left."""
        return max(0.0, self._end - time.monotonic())

    def next(self, asked: float = 0.0) -> Optional[float]:
        """The seconds to wait, at least those that the server asks for; None to give up."""
        delay = max(self._step * random.uniform(0.5, 1.0), asked)
        self._step = min(self._step * 2, LONGEST)
        return delay if delay < self.left() else None
