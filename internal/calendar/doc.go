// Package calendar reads specs and finds their ticks, the moments at which something is due.
// It knows no Redis, no tasks and no clock of a machine: a spec and a moment go in, the next
// moment comes out.
//
// # Three ways to say when
//
// A cron spec names fields: it is due whenever minute, hour, month and day all match. It has
// no start and no memory, so that nothing shifts it. Systems disagree on what its two fields
// of days mean together. crontab(5) takes either, Celery asks for both, and the same text is
// due on eleven days of a month or on one: hence the [Dialect].
//
// A rule of RFC 5545 counts: every second week from this one, ten times, the last working
// day of a month. It has a start, DTSTART, from which it derives what it leaves out.
//
// An interval measures: every 90 seconds from a moment. The sun needs a place. A single
// moment needs nothing.
//
// # Clock changes
//
// Cron and rules speak of the clock on the wall, which skips an hour in spring and repeats
// one in autumn. Both are therefore worked out on a clock that never changes, and one type
// maps that to the zone's, span by span between two changes. What is skipped is due once,
// right after the gap. What is repeated is due the first time. What is meant for every hour
// keeps its pace through both.
//
//	wall clock   01:30   02:30 (skipped)   03:30        01:30   02:30   02:30   03:30
//	                       |                                      |       x
//	the zone     01:30 ------ 03:00 ------ 03:30        01:30   02:30   02:30   03:30
//
// # Bounded work
//
// A spec may come from anybody, and zones come from a database that has been wrong. So no
// loop trusts what it loops over to get ahead. Each of its turns is paid for from a [Budget]
// that ends with a context, and a spec that uses it up is an error like any other. Where the
// library that knows the zones names an end of a span that lies before its start, as it does
// on the last day of leap years from 2040 on, the span ends a day later.
package calendar
