package switchyard

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"switchyard/internal/command"
	"switchyard/internal/command/daemons"
)

// Run is the main function of a program that is Switchyard's daemons with kinds of its own. It reads
// the command line, does what it says, and returns the exit status:
//
//	func main() { os.Exit(switchyard.Run(switchyard.Define(build))) }
//
// The program has these commands, with the flags and settings of Switchyard's own daemons:
//
//	worker [probe]       performs tasks of its kinds and of those that come with Switchyard
//	scheduler [probe]    enqueues what is due
//	monitor [probe]      serves the pages
//	version, completion, man
//
// A kind made by [KindOf] is known to all of them, and left to other workers to perform.
//
// A daemon runs until SIGTERM or SIGINT. A worker then takes no new task, and gives those that run
// worker.drain to finish. The statuses are those of the switchyard command: 0 for done, 1 for failed, 2
// for a wrong command line, configuration or kind, others as its manual page lists them.
func Run(kinds ...Kind) int {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	own, err := own(kinds)
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "%s: error: %v\n", name, err)
		return command.Wrong
	}
	return daemons.All(name, "Performs background tasks of its own and those of Switchyard.", own).Main(os.Args[1:])
}
