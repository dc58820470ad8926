// Command monitor serves the web pages: asynqmon, briefings, the schedule and the
// documentation.
//
//	monitor --redis redis://127.0.0.1:6379/0 --listen 127.0.0.1:8080
package main

import (
	"os"

	"switchyard/internal/command/daemons"
)

func main() { os.Exit(daemons.Monitor().Main(os.Args[1:])) }
