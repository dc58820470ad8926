"""The client that blocks, with the decorator of Celery's call sites."""

from __future__ import annotations

from typing import Any, Callable, Optional

from ._sync.client import Switchyard as _Switchyard
from .celery import RemoteTask


class Switchyard(_Switchyard):
    __doc__ = _Switchyard.__doc__

    def task(self, kind: str, *, queue: Optional[str] = None) -> Callable[[Callable[..., Any]], RemoteTask]:
        """Gives a function delay and apply_async, as Celery does. Its parameters name the fields of the payload."""
        return lambda function: RemoteTask(self, kind, function, queue)
