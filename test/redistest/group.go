package redistest

import "fmt"

// replicating is the command line of a server of a group, without persistence and bounded in
// memory. Replicas are filled at once and through memory: none is to find old data in a file.
func replicating(dir string) []string {
	return append(inMemory(dir), "--maxmemory", "256mb",
		"--repl-diskless-sync-delay", "0", "--repl-diskless-load", "swapdb")
}

// running returns those processes that run.
func running(all []*Process) []*Process {
	var run []*Process
	for _, p := range all {
		if p.Running() {
			run = append(run, p)
		}
	}
	return run
}

// find returns the process at addr.
func find(all []*Process, addr string) (*Process, error) {
	for _, p := range all {
		if p.Addr == addr {
			return p, nil
		}
	}
	return nil, fmt.Errorf("no server of this group is at %q", addr)
}
