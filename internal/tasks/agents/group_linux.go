package agents

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"switchyard/internal/tasks"
)

// lookAtMemory is how often the memory of a process group is read.
const lookAtMemory = 200 * time.Millisecond

var errMemory = errors.New("the program held more memory than its limit: raise memory of the agent, or hold less")

// leadGroup has a program lead a process group, and die with the thread that starts it.
func leadGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// endGroup asks a process group to stop when ctx ends, and kills it once the grace is
// over or its leader has exited.
func endGroup(ctx context.Context, leader int, grace time.Duration, exited <-chan struct{}) {
	select {
	case <-exited:
	case <-ctx.Done():
		_ = syscall.Kill(-leader, syscall.SIGTERM) // it may be gone
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-exited:
		case <-timer.C:
		}
	}
	_ = syscall.Kill(-leader, syscall.SIGKILL)
}

// watchMemory stops a process group that holds more memory than its limit, in bytes.
func watchMemory(leader int, limit int64, stop context.CancelCauseFunc, exited <-chan struct{}) {
	ticker := time.NewTicker(lookAtMemory)
	defer ticker.Stop()
	for {
		select {
		case <-exited:
			return
		case <-ticker.C:
			if held := groupMemory(leader); held > limit {
				stop(tasks.Permanent(fmt.Errorf("%w (%d of %d bytes)", errMemory, held, limit)))
				return
			}
		}
	}
}

// groupMemory returns the resident memory of a process group, in bytes, as far as it can
// be read. The fields are those of proc_pid_stat(5).
func groupMemory(leader int) int64 {
	const group, resident = 2, 21 // after the name in parentheses
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	var sum int64
	for _, entry := range entries {
		if _, err := strconv.Atoi(entry.Name()); err != nil {
			continue
		}
		text, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil {
			continue // it is gone
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) <= resident || fields[group] != strconv.Itoa(leader) {
			continue
		}
		pages, _ := strconv.ParseInt(fields[resident], 10, 64)
		sum += pages * int64(os.Getpagesize())
	}
	return sum
}
