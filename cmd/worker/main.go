// Command worker consumes queues and performs their tasks.
//
//	worker --redis redis://127.0.0.1:6379/0
//	worker --redis … --queues agents=2
//	worker --redis … --queues scraping=16,briefings=4
//
// SIGTERM or SIGINT stops it: no new task is taken, running ones get worker.drain to
// finish, and those left go back to the front of their queue. A second signal skips the
// wait.
package main

import (
	"os"

	"switchyard/internal/command/daemons"
)

func main() { os.Exit(daemons.Worker().Main(os.Args[1:])) }
