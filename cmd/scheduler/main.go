// Command scheduler enqueues the tasks of the schedule when they are due. Any number of
// schedulers may run on one Redis; each tick is enqueued once.
//
//	scheduler --redis redis://127.0.0.1:6379/0
package main

import (
	"os"

	"switchyard/internal/command/daemons"
)

func main() { os.Exit(daemons.Scheduler().Main(os.Args[1:])) }
