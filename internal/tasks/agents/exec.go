package agents

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"switchyard/internal/tasks"
)

// What a definition of the runtime "exec" gets that says nothing.
const (
	defaultOutput = 1 << 20 // bytes
	defaultGrace  = 2 * time.Second
)

// stderrKept is how much of the end of what a program writes to its standard error is
// kept for the error of the attempt, in bytes.
const stderrKept = 2000

// Exec is the runtime "exec": it runs a program in any language, without a shell. The
// program gets one JSON object on its standard input and writes JSON lines to its standard
// output; see [line]. Its environment holds the variables that its definition lists, and
// no others. It leads a process group of its own, which is asked to stop when the attempt
// is over before the program is, and killed when it does not, or when the program has
// ended and left something behind.
type Exec struct {
	// Tell notes how far a run is, in JSON, and tells its user. An error is no reason to
	// end the run.
	Tell func(ctx context.Context, run Run, progress []byte) error
}

// input is what a program or a service reads.
type input struct {
	Version int    `json:"version"` // of this shape: 1
	Task    string `json:"task"`    // the same for all attempts
	Attempt int    `json:"attempt"`
	Agent   string `json:"agent"`
	Args
}

func newInput(run Run) input {
	return input{Version: 1, Task: run.Task.ID, Attempt: run.Task.Attempt, Agent: run.Args.Agent, Args: run.Args}
}

// Run implements [Runtime].
func (e *Exec) Run(ctx context.Context, run Run) (any, error) {
	d := run.Definition
	in, err := json.Marshal(newInput(run))
	if err != nil {
		return nil, fmt.Errorf("encode input: %w", err)
	}
	// Whatever ends the program early is the cause of its context's end.
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := newLines(cmp.Or(d.Output, defaultOutput), stop, func(p progress) { e.tell(ctx, run, p) })
	said := &tail{keep: stderrKept}
	cmd := exec.Command(d.Command[0], d.Command[1:]...) //nolint:gosec // the operator's configuration names it
	cmd.Dir, cmd.Env = d.Dir, environ(d.Env)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), out, said
	if err := execute(ctx, cmd, d, stop); err != nil || ctx.Err() != nil {
		return nil, ended(ctx, err, said)
	}
	return out.result()
}

// tell tells how far a run is.
func (e *Exec) tell(ctx context.Context, run Run, p progress) {
	text, err := json.Marshal(p)
	if err == nil {
		_ = e.Tell(ctx, run, text) // the next one says more
	}
}

// environ returns the listed variables of this process.
func environ(names []string) []string {
	env := []string{}
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// execute runs a program until it has ended, it and its group, which is asked to stop when
// ctx ends.
func execute(ctx context.Context, cmd *exec.Cmd, d Definition, stop context.CancelCauseFunc) error {
	leadGroup(cmd)
	// Output that something of the group holds open is not waited for.
	cmd.WaitDelay = time.Second
	// The program dies with the thread that started it, and so with this process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return tasks.Permanent(fmt.Errorf("start: %w", err))
	}
	exited := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() { endGroup(ctx, cmd.Process.Pid, cmp.Or(d.Grace, defaultGrace), exited) })
	if d.Memory > 0 {
		beside.Go(func() { watchMemory(cmd.Process.Pid, d.Memory, stop, exited) })
	}
	err := cmd.Wait()
	close(exited)
	beside.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // it ended well, and left something behind
	}
	return err
}

// ended says how a program ended that has no result.
func ended(ctx context.Context, err error, said *tail) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("the program ended with %s; it said: %q", exit.ProcessState, said)
	}
	return err
}

// tail keeps the end of what is written to it. It is safe for one writer.
type tail struct {
	keep int
	text []byte
}

var _ io.Writer = (*tail)(nil)

// Write implements [io.Writer].
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p[max(0, len(p)-t.keep):]...)
	t.text = t.text[max(0, len(t.text)-t.keep):]
	return len(p), nil
}

func (t *tail) String() string { return string(bytes.ToValidUTF8(t.text, nil)) }
