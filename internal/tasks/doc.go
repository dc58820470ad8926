// Package tasks is the vocabulary every other package speaks.
//
// A [Task] is one unit of work: a kind, a JSON payload and an ID. Producers hand
// typed [Args] to an [Enqueuer]; a [Handler] performs one kind and returns a value
// and an error, and the error says what happens next:
//
//	nil                     done; the value is kept as the result
//	a plain error           the task is retried as its [Policy] says
//	Permanent(err)          no retry; the task goes to the dead letter
//	RetryAfter(d, err)      retried after d instead of the policy's delay
//	Parked(reason)          set aside without spending a retry
//
// The package knows nothing of Redis or of the queue beneath: a handler that imports
// it can be tested without either.
package tasks
