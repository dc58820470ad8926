package agents

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/program"
	"switchyard/internal/tasks"
)

// lookAtMemory is how often the memory of a program is read.
const lookAtMemory = 200 * time.Millisecond

var errMemory = errors.New("the program held more memory than its limit: raise memory of the agent, or hold less")

// watchMemory stops a program that holds more memory than its limit, in bytes.
func watchMemory(p *program.Program, limit int64, stop context.CancelCauseFunc, exited <-chan struct{}) {
	ticker := time.NewTicker(lookAtMemory)
	defer ticker.Stop()
	for {
		select {
		case <-exited:
			return
		case <-ticker.C:
			if held := p.Memory(); held > limit {
				stop(tasks.Permanent(fmt.Errorf("%w (%d of %d bytes)", errMemory, held, limit)))
				return
			}
		}
	}
}
