// Package redbeat reads the entries that a RedBeat scheduler keeps in its Redis and says how
// each moves into the schedule of this system.
//
// An entry is a hash under RedBeat's key prefix: its definition, which names the task and
// when it is due, and its meta, which says when it last ran. A [Reader] reads them, a
// [Mover] turns each into a [Move], and a [Shadow] goes on comparing when both systems would
// run it next. None of them writes to a Redis.
//
//	Reader: hash of Redis -> Stored -> Mover: Move{Entry, LastRun, Verdict} -> the store
//	                                -> Shadow: due here and due in RedBeat
//
// A move keeps the moments at which an entry is due, and where it cannot, it says what
// changes. That goes by what Celery and dateutil compute, not by what a spec looks like:
//
//   - A crontab of Celery is due on days that suit both of its day fields.
//   - An interval counts from the last run.
//   - A rule counts at a fixed offset from UTC, whatever the application's time zone.
//
// Whatever is in that Redis may be broken or hostile. Such an entry cannot move, says why,
// and stands in no other's way.
package redbeat
