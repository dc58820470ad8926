//go:build !linux

package agents

import (
	"context"
	"os"
	"os/exec"
	"time"
)

// leadGroup does nothing here: there are process groups on Linux only.
func leadGroup(*exec.Cmd) {}

// endGroup kills the program when ctx ends.
func endGroup(ctx context.Context, leader int, _ time.Duration, exited <-chan struct{}) {
	select {
	case <-exited:
	case <-ctx.Done():
		if p, err := os.FindProcess(leader); err == nil {
			_ = p.Kill() // it may be gone
		}
	}
}

// watchMemory does nothing here: memory is read on Linux only.
func watchMemory(int, int64, context.CancelCauseFunc, <-chan struct{}) {}
