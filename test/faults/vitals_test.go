package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticks is the unit of /proc/<pid>/stat, which Linux fixes at a hundredth of a second
// for everything outside of the kernel: USER_HZ, see time(7).
const tick = 10 * time.Millisecond

// cpu returns the processor time the process has used, or false where there is no /proc.
func (p *process) cpu() (time.Duration, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, false
	}
	// The second field, the name, is in parentheses and may hold anything. Fields 14 and
	// 15, user and system time, are the twelfth and thirteenth after it: see proc(5).
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, true
}

// logged returns the lines of the process's log, from the given one on, that are about
// the system: those about a single task, of which there may be as many as tasks, are left
// out, as is everything below a warning.
func (p *process) logged(from int) []string {
	all := p.logLines()
	var lines []string
	for _, line := range all[min(from, len(all)):] {
		var entry struct{ Level, ID string }
		if json.Unmarshal([]byte(line), &entry) != nil || entry.ID == "" && entry.Level != "info" && entry.Level != "debug" {
			lines = append(lines, line)
		}
	}
	return lines
}

func (p *process) logLines() []string {
	raw, _ := os.ReadFile(p.log)
	return strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
}

// logTail returns the last lines of the log.
func (p *process) logTail() string {
	lines := p.logLines()
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
