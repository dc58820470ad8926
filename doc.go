// Package switchyard is for Go programs with work of their own for Switchyard, a background worker
// on Redis: they define kinds of tasks, send tasks, and are the daemons that perform them.
//
// A task is a kind and a payload. The args are a type of yours: they name the kind, and their JSON
// is the payload. A handler is a function that performs one task:
//
//	type Greet struct {
//		Name string `json:"name"`
//	}
//
//	func (Greet) Kind() string { return "greet" }
//
//	func greet(ctx context.Context, t *switchyard.Task, args Greet) (any, error) {
//		return "Hello, " + args.Name, nil
//	}
//
//	func main() { os.Exit(switchyard.Run(switchyard.Define(greet))) }
//
// That program is a worker, a scheduler and a monitor, by its first argument, with every setting,
// flag and metric of Switchyard's own. Another program sends it work:
//
//	client, err := switchyard.Open(ctx, switchyard.Config{}, switchyard.KindOf[Greet]())
//	...
//	receipt, err := client.Send(ctx, Greet{Name: "Ada"}, switchyard.Options{})
//	...
//	status, err := client.Wait(ctx, receipt.Name)
//
// # The way of a task
//
//	Client.Send, Task.Sender, a tick of the schedule
//	   |
//	 check    Validate, and the payload as strictly as a worker reads it
//	   |
//	 route    the kind's name decides the queue; rule, kind and configuration the policy
//	   |
//	scheduled --> waiting ----> running --> succeeded  the handler returned no error
//	for its time     ^               |
//	                 +-- retrying <--+                 a plain error, or RetryAfter
//	                 +-- parked   <--+                 Parked, ParkedFor
//	                                 +--> failed       Permanent, or no retry is left
//	                                 +--> cancelled    Client.Cancel, the command line, asynqmon
//	                                 +--> expired      its deadline
//
// A task is performed at least once. A worker that is killed has its tasks performed by another one
// within 15 seconds, so a handler may begin a task that another has half done. Make what it does safe
// to do twice. [Task].Run is the same for all attempts, and a good name for what they must not repeat.
//
// # What args say
//
// Whoever sends a task and whoever performs it share the type of its args, and so cannot disagree
// about it. The type says all that both need to know, by methods that it may have: [Validator],
// [ArgsWithVersion], [ArgsWithPolicy]. Only the worker has the handler.
//
// # Stopping
//
// A handler must honour its context. The context ends at a time limit, at a deadline, when somebody
// cancels the task, and when the worker stops or may have lost the task. [context.Cause] says which:
// see [ErrSoftLimit] and its neighbours.
//
// # What is promised
//
// Everything exported here follows Semantic Versioning: a release breaks none of it without a new
// major version. Types are this package's own, so that nothing else is promised by accident.
package switchyard
