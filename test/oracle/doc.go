// Package oracle holds no code but tests: it asks others what is right. asynq is asked how
// each transition of a task leaves Redis, a generator of damage what a hostile Redis can do,
// and a redis-server that is full, without replicas or read-only how an ending waits.
//
//	go test ./test/oracle                        the short form
//	go test ./test/oracle -full                  ten times the damage
//	go test ./test/oracle -seed=7 -run=Hostile   the damage of an earlier run again
//
// # The comparison
//
// Each transition is performed twice, each time on an empty Redis: by asynq's own client,
// server and inspector, and by ours. Then all of Redis is read and compared, key by key and
// field by field, messages by what they say. Times are compared by how far they are from the
// transition. What may differ stands in a table, with the reason; a line of it that nothing
// needs any more fails the test, and so does a key or field that nobody knows.
//
// # The damage
//
// Many queues share a Redis and a worker. Each is damaged in its own way, before the worker
// starts and while it runs, and has good tasks beside the damage. Every good task must run
// once and end. Every broken one must end or be named in the log; it must be read by asynq's
// inspector, set aside under a key of ours, or gone if it had no data. No key of the wrong
// type is left, nothing loops, and nobody says that Redis is lost.
package oracle
