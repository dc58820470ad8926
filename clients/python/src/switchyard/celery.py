"""Celery's call sites: delay, apply_async and the handle that they return."""

from __future__ import annotations

import inspect
from datetime import datetime, timezone
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Union

from ._sync.client import Switchyard
from ._sync.job import Job
from .errors import Problem, TaskEnded, ending
from .models import Task

#: Celery's name of each state. A task that waits, for whatever, is PENDING there.
STATES = {
    "running": "STARTED", "retrying": "RETRY", "succeeded": "SUCCESS", "failed": "FAILURE",
    "broken": "FAILURE", "cancelled": "REVOKED", "expired": "REVOKED",
}


class RemoteTask:
    """A kind of tasks that is called as a Celery task. Called directly, it runs the function here."""

    def __init__(self, client: Switchyard, kind: str, function: Callable[..., Any], queue: Optional[str] = None) -> None:
        self.name = kind
        self.__doc__ = function.__doc__
        self.__wrapped__ = function
        self._client = client
        self._queue = queue
        self._signature = inspect.signature(function)
        for p in self._signature.parameters.values():
            if p.kind is p.VAR_POSITIONAL:
                raise TypeError(f"{kind} takes *{p.name}: a payload is a JSON object, so give each parameter a name")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)

    def __repr__(self) -> str:
        return f"RemoteTask({self.name!r})"

    def delay(self, *args: Any, **kwargs: Any) -> AsyncResult:
        """Sends a task with the function's arguments as its payload."""
        return self.apply_async(args, kwargs)

    def apply_async(
        self,
        args: Optional[Sequence[Any]] = None,
        kwargs: Optional[Mapping[str, Any]] = None,
        *,
        countdown: Optional[float] = None,
        eta: Optional[datetime] = None,
        expires: Union[float, datetime, None] = None,
        queue: Optional[str] = None,
        task_id: Optional[str] = None,
        tags: Sequence[str] = (),
        meta: Optional[Mapping[str, str]] = None,
    ) -> AsyncResult:
        """Sends a task: after countdown seconds or at eta, done by expires (seconds from now, or a time).

        A time without a zone is in UTC, as with Celery's default settings. A task of a task_id that is still kept is
        not added again. tags and meta are those of Switchyard.send.
        """
        job = self._client.send(
            self.name, self._payload(args or (), kwargs or {}), id=task_id, queue=queue or self._queue, in_=countdown, at=_utc(eta),
            expires=_utc(expires) if isinstance(expires, datetime) else expires,
            tags=tags, meta=meta,
        )
        return AsyncResult(job)

    def _payload(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Dict[str, Any]:
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        payload: Dict[str, Any] = {}
        for name, value in bound.arguments.items():
            if self._signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                payload.update(value)
            else:
                payload[name] = value
        return payload


def _utc(when: Optional[datetime]) -> Optional[datetime]:
    return when.replace(tzinfo=timezone.utc) if when is not None and when.tzinfo is None else when


class AsyncResult:
    """A task that was sent, with Celery's names. Each look asks the API until the task has ended."""

    def __init__(self, job: Job) -> None:
        #: The same task with everything that the client knows to do with it.
        self.job = job

    def __repr__(self) -> str:
        return f"AsyncResult({self.id!r})"

    @property
    def id(self) -> str:
        return self.job.id

    task_id = id

    def _look(self) -> Optional[Task]:
        """The task as it is now, None if nothing is kept of it."""
        if self.job.task is not None and self.job.task.ended:
            return self.job.task
        try:
            return self.job.look()
        except Problem as problem:
            if problem.name != "not-found":
                raise
            return None

    @property
    def state(self) -> str:
        """PENDING, STARTED, RETRY, SUCCESS, FAILURE or REVOKED. What is not known is PENDING, as in Celery."""
        task = self._look()
        return STATES.get(task.state, "PENDING") if task else "PENDING"

    status = state

    @property
    def info(self) -> Any:
        """The result, the error of a task that has ended without one, or the progress of one that has not."""
        task = self._look()
        if task is None:
            return None
        return (ending(task) or task.result) if task.ended else task.progress

    result = info

    def ready(self) -> bool:
        """Whether the task has ended."""
        task = self._look()
        return task is not None and task.ended

    def successful(self) -> bool:
        """Whether the task has a result."""
        return self.state == "SUCCESS"

    def failed(self) -> bool:
        """Whether the last attempt has failed."""
        return self.state == "FAILURE"

    def get(self, timeout: Optional[float] = None, propagate: bool = True) -> Any:
        """Waits for the result. Raises WaitTimeout, a TimeoutError, after so many seconds, and TaskFailed, TaskCancelled
        or TaskExpired; without propagate it returns those three."""
        try:
            return self.job.result(timeout)
        except TaskEnded as err:
            if propagate:
                raise
            return err

    def revoke(self, terminate: bool = True) -> None:
        """Cancels the task. A running attempt is asked to stop, unless terminate is false: then it may end by itself."""
        if terminate or self.state != "STARTED":
            self.job.cancel()

    def forget(self) -> None:
        """Deletes the task, which must have ended."""
        self.job.delete()
