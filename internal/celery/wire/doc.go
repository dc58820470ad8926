// Package wire reads and writes what Celery and kombu put into Redis: task messages of
// protocols 1 and 2 in kombu's envelopes, signatures, results, and what follows the end of a
// task (chains, groups, chords, callbacks). It is pure: it knows no Redis and no clock.
//
// JSON is Python's. Its writer also writes NaN, Infinity, -Infinity and halves of surrogate
// pairs, which Go's reader refuses or alters. So arguments and results stay the bytes that
// Python wrote, and a message that is written again has the same ones. What a handler here
// gets has to be JSON that Go reads exactly: see [Message.Strict].
//
// Canvases follow the rules of Celery 5.2. Where it leaves tasks or chords waiting for ever,
// they end here: testdata/differences.txt has each case. New style errbacks, which take the
// request and the exception, are called within Python's workers: here every errback is sent
// as a task, with the id of the failed one.
package wire
