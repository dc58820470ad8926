// Package lane performs the tasks of queues. It works on asynq's keys, beside asynq's own
// servers, clients and pages, and leaves each of them as asynq would; what it adds is in
// fields and keys of its own.
//
// A [Group] is all that a process consumes: a [lane] for each queue, and what they share.
//
//	             wake tokens                         asynq:cancel
//	                  |                                   |
//	              doorbell, poller                  cancellations
//	                  |                                   |
//	forwarder ---> exchange <----------- endings ---- attempts
//	rescuer          |   ^                                ^
//	janitor          |   +---- what is taken -> slots ----+
//	                 v                                    |
//	            Redis: step.lua                        leases <- renewer
//
// The exchange is the loop. Each of its round trips ends attempts and takes as many tasks as
// there are slots free then, in one script. A slot runs an attempt within its limits. How the
// attempt ends is decided in one place, ending.go, whoever caused it; the exchange writes it,
// and only what Redis has taken is reported. A task is acknowledged after its handler has
// returned, never before; no more tasks are taken than run.
//
// A taken task is held by a lease, which the renewer renews. The rescuer gives back what
// nobody renews, the forwarder makes ready what is due, the janitor drops what is past its
// time. Whatever any of them finds in Redis that cannot be is put right or moved aside, and
// said.
package lane
