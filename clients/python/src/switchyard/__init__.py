"""A client of Switchyard's HTTP API: sends tasks, follows them, and operates the system that performs them.

>>> with Switchyard("http://127.0.0.1:8080", token) as sy:
...     job = sy.send("agent_job_scout", user="ada", input={"keywords": ["go"]})
...     print(job.result(timeout=60))

AsyncSwitchyard does the same as coroutines.
"""

from ._aio.batch import AsyncBatch
from ._aio.client import AsyncSwitchyard
from ._aio.job import AsyncJob
from ._aio.schedule import AsyncSchedule
from .celery import AsyncResult, RemoteTask
from .client import Switchyard
from .errors import Fault, Problem, SwitchyardError, TaskCancelled, TaskEnded, TaskExpired, TaskFailed, Unreachable, WaitTimeout
from .models import Attempt, BatchStatus, Brake, ChildToken, Entry, Kind, Outcome, Queue, Sent, Task, TaskEvent, UserEvent
from ._sync.batch import Batch
from ._sync.job import Job
from ._sync.schedule import Schedule
from .version import VERSION as __version__
from .wire import NewTask

__all__ = [
    "AsyncBatch",
    "AsyncJob",
    "AsyncResult",
    "AsyncSchedule",
    "AsyncSwitchyard",
    "Attempt",
    "Batch",
    "BatchStatus",
    "Brake",
    "ChildToken",
    "Entry",
    "Fault",
    "Job",
    "Kind",
    "NewTask",
    "Outcome",
    "Problem",
    "Queue",
    "RemoteTask",
    "Schedule",
    "Sent",
    "Switchyard",
    "SwitchyardError",
    "Task",
    "TaskCancelled",
    "TaskEnded",
    "TaskEvent",
    "TaskExpired",
    "TaskFailed",
    "Unreachable",
    "UserEvent",
    "WaitTimeout",
    "__version__",
]
