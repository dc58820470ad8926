// Package faults holds no code but tests: whole workers, as processes, perform tasks
// while they are killed, while Redis is killed or fails over, and while the network
// between the two misbehaves; and schedulers enqueue ticks while they are killed and
// paused. What must hold afterwards is counted from records kept outside of Redis.
//
//	go test ./test/faults                     the short form, part of make test
//	make test-faults                              the long form: 20,000 tasks, long outages
//	make test-faults ARGS="-seed=7 -run=Killed"   the faults of an earlier run again
//
// A seed repeats what is done to the system and when, counted in tasks done. It does not
// repeat how the processes interleave: that is the operating system's to decide.
//
// # The record
//
// A handler tells the test process when it begins and when it ends, over a socket, and
// goes on only once that is noted. So a begin stands in the record before any work is
// done, an end before the handler returns, and both outlive the worker. An attempt is
// therefore closed in one of three ways:
//
//   - ended: the handler did all its work. Its return value, which becomes the task's
//     result in Redis, is the number of the attempt.
//   - cut: the handler's context ended first. It noted the cause.
//   - broken: the socket closed without another word. The worker died.
//
// # The account
//
// Every attempt is closed in the end, so begins = ended + cut + broken. Every task ends
// at least once; call its further ends repeats. Then, with nothing left over,
//
//	begins - tasks = cut + broken + repeats
//
// which says that reruns equal the attempts cut off (cut and broken), and those whose
// work was done but whose acknowledgement was cut off (repeats). An identity proves
// nothing, so each of its terms has to be excused by something the test did:
//
//   - A broken attempt needs a worker that was killed, or told to stop while the handler
//     was deaf to its cancellation.
//   - A cut attempt needs a worker that was told to stop, or an outage long enough for a
//     worker to fence itself.
//   - An attempt that ended and was still followed by another needs a worker that ended
//     before Redis can have had its acknowledgement: killed right then, or in an outage.
//     Or it needs an outage of that worker long enough for its lease to run out. The task
//     of a worker that lived on and kept its connection never runs again.
//   - No attempt begins before the one before it was closed. This one has no excuse.
//
// On the other side stands Redis: every task sent is in it as completed, its result
// names the last attempt of the record, and that attempt ended. No queue holds anything
// else: nothing pending, active, leased, scheduled, to be retried or dead.
//
// # The timetable
//
// The ticks of a schedule are judged in the same way, by the tasks that ran. Five
// schedulers enqueue them while they are killed, or paused for longer than their claims
// last and then continued, and while Redis is restarted. Finished tasks are not kept, so
// that a tick enqueued twice runs twice. When each entry is due is computed here, without
// asking the schedule. Entries that make up for what they missed must run each tick once;
// those that may leave ticks out must have a fault to blame for each.
//
// # The clerks
//
// The steps of agents are judged by what their programs have done to the world outside,
// which is a file here. Their workers are killed, or stopped for so long that others take
// their runs while the programs live on; users are paused and resumed meanwhile. A step
// that a program has read to be stored must not be done again. An effect must be done once:
// where it is in doubt, the test is the person who looks and decides.
//
// Those of agents that are language models are judged by what the model, which is the test's
// own, was asked and has answered: the same request twice is a conversation that went on
// elsewhere, and one that was answered to the end twice was paid for twice.
package faults
