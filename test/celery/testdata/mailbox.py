"""Asks the nodes on a broker what Celery's control can ask, and listens to their events.

    mailbox.py URL [PREFIX]

Prints one JSON object: what each call returned, and the workers and tasks that celery.events.state knows.
"""
import json
import sys
import threading
import time

from celery import Celery
from celery.worker.control import Panel

app = Celery('judge', broker=sys.argv[1], backend=sys.argv[1])
app.conf.broker_transport_options = {'global_keyprefix': sys.argv[2]} if len(sys.argv) > 2 else {}
NODE = 'switchyard-01234567@host'


def asked():
    """What control and inspect return."""
    every, one = app.control.inspect(timeout=1), app.control.inspect(destination=[NODE], timeout=10)
    yield 'ping', every.ping()
    for name in ('active', 'reserved', 'scheduled', 'revoked', 'stats', 'active_queues', 'clock', 'conf', 'report', 'memsample'):
        yield name, getattr(one, name)()
    yield 'active safe', one.active(safe=True)
    yield 'registered', one.registered('max_retries')
    yield 'query_task', one.query_task('runs', 'unknown')
    yield 'hello', one.hello('judge@host', {})
    yield 'glob', app.control.ping(pattern='switchyard-*', matcher='glob', timeout=1)
    yield 'pcre', app.control.ping(pattern='celery@', matcher='pcre', timeout=0.5)
    yield 'another', app.control.ping(destination=['celery@host'], timeout=0.5)
    to = {'destination': [NODE], 'reply': True, 'timeout': 10}
    yield 'revoke', app.control.revoke(['waits'], **to)
    yield 'terminate', app.control.terminate('runs', signal='KILL', **to)
    yield 'shutdown', app.control.broadcast('shutdown', **to)
    yield 'rate_limit', app.control.rate_limit('scrape_page', '1/s', **to)
    yield 'pool_grow', app.control.pool_grow(2, **to)
    yield 'add_consumer', app.control.add_consumer('q', **to)
    for name in Panel.data:  # all that this release of Celery has
        yield 'known ' + name, app.control.broadcast(name, **to)
    app.control.disable_events(**to)
    yield 'enable_events', app.control.enable_events(**to)
    yield 'unknown', app.control.broadcast('self_destruct', **to)


class Monitor(threading.Thread):
    """Listens as Flower does, until a task was told of that was revoked."""

    def __init__(self):
        super().__init__(daemon=True)
        self.state, self.awake = app.events.State(), threading.Event()

    def run(self):
        with app.connection() as connection:
            receiver = app.events.Receiver(connection, handlers={'*': self.heard})
            for _ in receiver.itercapture(timeout=20):  # which asks for a heartbeat
                if any(t.state == 'REVOKED' for t in self.state.tasks.values()):
                    return

    def heard(self, event):
        self.state.event(event)
        self.awake.set()


def listened():
    """The workers and tasks that are told of. The node tells of tasks when it is asked to revoke one."""
    monitor = Monitor()
    monitor.start()
    monitor.awake.wait(20)
    app.control.revoke('tell', destination=[NODE])
    monitor.join(20)
    return {
        'workers': [{'hostname': w.hostname, 'alive': w.alive, 'active': w.active, 'software': [w.sw_ident, w.sw_ver, w.sw_sys],
                     'drift': round(abs(w.timestamp - time.time()) / 60)} for w in monitor.state.workers.values()],
        'tasks': {t.uuid: {'name': t.name, 'state': t.state, 'args': t.args, 'kwargs': t.kwargs, 'result': t.result, 'runtime': t.runtime,
                           'exception': t.exception, 'worker': t.worker.hostname} for t in monitor.state.tasks.values()},
    }


if __name__ == '__main__':
    answers = dict(asked())
    answers['events'] = listened()
    print(json.dumps(answers))
