package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"switchyard/internal/tasks"
)

// memoryReads is how often an idle process's memory is read, a fifth of a second apart.
const memoryReads = 5

// memory starts a worker process of each system with all queues, leaves it alone for a while and
// reads how much memory it holds, what it asks of Redis and how many connections it has, then
// and under load.
func (r *run) memory(ctx context.Context) error {
	var held, asks, idle, busy both
	for _, f := range r.fetchers(r.Queues) {
		if err := r.memoryOf(ctx, f, &held, &asks, &idle, &busy); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	r.report.add(held.into(Figure{ID: "memory.idle", Label: "memory of an idle worker process", Unit: "MiB", Better: "lower"}))
	r.report.add(asks.into(Figure{ID: "idle.process", Label: "idle worker process, commands in Redis", Unit: "commands/s", Better: "lower"}))
	r.report.add(idle.into(Figure{ID: "connections.idle", Label: "idle worker process, connections", Unit: "connections", Better: "lower"}))
	r.report.add(busy.into(Figure{ID: "connections.load", Label: "worker process under load, connections", Unit: "connections", Better: "lower"}))
	return nil
}

func (r *run) memoryOf(ctx context.Context, f fleet, held, asks, idle, busy *both) error {
	p, err := r.startWorker(ctx, f.command(f.queues), f.queues)
	if err != nil {
		return err
	}
	defer p.stop()
	if err := r.readMemory(ctx, f, p, held); err != nil {
		return err
	}
	_, performed, err := r.watchIdle(ctx, fmt.Sprintf("idle, %s, a process", f))
	if err != nil {
		return err
	}
	if performed >= 0 {
		asks.add(f.ours, performed)
	}
	few, err := r.connections(ctx)
	if err != nil {
		return err
	}
	idle.add(f.ours, float64(few))
	most, err := r.load(ctx, f)
	busy.add(f.ours, float64(most))
	return err
}

// readMemory leaves a worker process alone and reads how much memory it holds.
func (r *run) readMemory(ctx context.Context, f fleet, p *process, held *both) error {
	what := fmt.Sprintf("memory, %s", f)
	r.Progress(what, 0, memoryReads)
	if err := tasks.Sleep(ctx, r.Settle); err != nil {
		return err
	}
	for i := range memoryReads {
		mib, known, err := residentMiB(p)
		if err != nil || !known {
			return err
		}
		held.add(f.ours, mib)
		r.Progress(what, i+1, memoryReads)
		if err := tasks.Sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// residentMiB returns how much memory a process holds, in MiB, or false on a system that
// does not tell it in /proc as Linux does.
func residentMiB(p *process) (mib float64, known bool, err error) {
	if runtime.GOOS != "linux" {
		return 0, false, nil
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, false, fmt.Errorf("read the memory of a worker: %w", err)
	}
	select {
	case <-p.exited:
		return 0, false, p.ended()
	default:
	}
	mib, err = residentIn(string(status))
	return mib, true, err
}

// residentIn returns the resident set that a process's status file tells of, in MiB. The
// file is described in proc_pid_status(5).
func residentIn(status string) (mib float64, err error) {
	value, _ := field(status, "VmRSS")
	kib, err := strconv.ParseFloat(strings.TrimSuffix(value, " kB"), 64)
	if err != nil {
		return 0, fmt.Errorf("process status has VmRSS %q: a number of kB was expected", value)
	}
	return kib / 1024, nil
}
