package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"
)

// process is a process started for the bench. It ends with the bench at the latest.
type process struct {
	cmd    *exec.Cmd
	said   tail
	exited chan struct{} // closed when it is gone and waited for
}

func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = &p.said, &p.said, ofItsOwn()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	go func() {
		defer close(p.exited)
		_ = cmd.Wait() // how it ended is its own business: it is killed, mostly
	}()
	return p, nil
}

// kill ends the process at once, with no chance to tidy up. It may be gone already.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// stop asks the process to stop, and kills it if it does not.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(stopWithin):
		p.kill()
	}
}

// ended is the error of a process that is gone when it should not be.
func (p *process) ended() error {
	return fmt.Errorf("%s ended too early (%s); it said: %s", p.cmd.Path, p.cmd.ProcessState, p.said.String())
}

// startWorker starts a worker process and returns once it is ready to take tasks from all
// of queues.
func (r *run) startWorker(ctx context.Context, cmd *exec.Cmd, queues []string) (*process, error) {
	ctx, cancel := phase(ctx, "start of "+cmd.Path, 30*time.Second)
	defer cancel()
	p, err := startProcess(cmd)
	if err != nil {
		return nil, err
	}
	r.footprint.pids = append(r.footprint.pids, cmd.Process.Pid)
	if err := r.ready(ctx, p, queues); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// ready waits until asynq's list of servers says that p consumes every one of queues.
func (r *run) ready(ctx context.Context, p *process, queues []string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	for {
		servers, err := r.inspector.Servers()
		if err != nil {
			return fmt.Errorf("look for worker %d: %w", p.cmd.Process.Pid, err)
		}
		missing := slices.Clone(queues)
		for _, s := range servers {
			if s.Host == host && s.PID == p.cmd.Process.Pid {
				missing = slices.DeleteFunc(missing, func(q string) bool { return s.Queues[q] > 0 })
			}
		}
		if len(missing) == 0 {
			return nil
		}
		select {
		case <-p.exited:
			return p.ended()
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// tailSize is how much of what a process says is kept for an error, in bytes.
const tailSize = 2000

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write implements [io.Writer].
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailSize):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
