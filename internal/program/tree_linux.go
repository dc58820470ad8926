package program

import (
	"bytes"
	"os"
	"strconv"
)

// Memory returns the resident memory of the program and of all that it has started, in bytes,
// as far as it can be read. It is safe beside [Program.Wait].
func (p *Program) Memory() int64 {
	processes := readProcesses()
	below := map[int]bool{p.cmd.Process.Pid: true}
	var sum int64
	for grown := true; grown; {
		grown = false
		for pid, process := range processes {
			if below[process.parent] && !below[pid] {
				below[pid], grown = true, true
				sum += process.resident
			}
		}
	}
	return sum
}

// process is what is known of one.
type process struct {
	parent   int
	resident int64 // bytes
}

// readProcesses reads those that there are. The fields are those of proc_pid_stat(5).
func readProcesses() map[int]process {
	const parent, resident = 1, 21 // after the name in parentheses
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	all := make(map[int]process, len(entries))
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil {
			continue // it is gone
		}
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) <= resident {
			continue
		}
		up, _ := strconv.Atoi(string(fields[parent]))
		pages, _ := strconv.ParseInt(string(fields[resident]), 10, 64)
		all[pid] = process{parent: up, resident: pages * int64(os.Getpagesize())}
	}
	return all
}
