// Package schedule enqueues tasks at the times their entries name.
//
// An [Entry] is one line of the schedule. Its [calendar.Spec] says when, in the entry's zone; each
// such moment is a tick. [Plan] decides which ticks are to be enqueued now and which one
// is next; it needs no Redis. A [Store] keeps entries in Redis, where they change without
// a restart. An [Engine] enqueues what is due.
//
// Any number of engines may run on one Redis, with no leader and no lock. An engine
// claims due entries by pushing them a lease ahead, has the queue add each tick's task,
// then writes the entry's next tick, provided that the entry stands where it stood at the
// claim. The queue refuses a tick that is not later than the entry's last one. So an
// engine that dies anywhere in between leaves a claim that lapses, and one that is held up
// cannot enqueue what others have enqueued meanwhile: every tick is enqueued exactly once,
// as long as Redis keeps what it has acknowledged.
//
// The time is always that of Redis: the clocks of the machines do not matter.
package schedule
