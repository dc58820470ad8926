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
	"strings"
	"sync"
	"time"

	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
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
// those of its trace, if it has one. It leads a process group of its own, which is asked to
// stop when the attempt is over before the program is, and killed when it does not, or when
// the program has ended and left something behind.
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
	Steps []replayed `json:"steps,omitempty"` // that earlier attempts have finished
}

func newInput(run Run) input {
	return input{Version: 1, Task: run.Task.ID, Attempt: run.Task.Attempt, Agent: run.Args.Agent, Args: run.Args, Steps: replay(run.Journal.Finished())}
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
	p := &program{definition: d, stop: stop, exited: make(chan struct{}), said: &tail{keep: stderrKept}}
	out := &lines{room: cmp.Or(d.Output, defaultOutput), stop: stop, tell: func(p progress) { e.tell(ctx, run, p) }}
	p.cmd = exec.Command(d.Command[0], d.Command[1:]...) //nolint:gosec // the operator's configuration names it
	p.cmd.Dir, p.cmd.Env = d.Dir, environ(ctx, d.Env)
	p.cmd.Stdout, p.cmd.Stderr = out, p.said
	if d.Steps {
		p.answers = newWriter(in)
		out.steps = &steps{ctx: ctx, journal: run.Journal, answers: p.answers}
	} else {
		p.cmd.Stdin = bytes.NewReader(in)
	}
	if err := p.run(ctx); err != nil || ctx.Err() != nil {
		return nil, p.ended(ctx, err)
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

// environ returns the listed variables of this process, and those that carry the trace:
// https://opentelemetry.io/docs/specs/otel/context/env-carriers/.
func environ(ctx context.Context, names []string) []string {
	env, trace := []string{}, map[string]string{}
	telemetry.Inject(ctx, trace)
	for name, value := range trace {
		env = append(env, strings.ToUpper(name)+"="+value)
	}
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// program is a program that runs.
type program struct {
	cmd        *exec.Cmd
	definition Definition
	answers    *writer // nil: its input ends with its first line
	said       *tail
	stop       context.CancelCauseFunc
	exited     chan struct{} // closed once it has
}

// run runs the program until it has ended, it and its group, which is asked to stop when
// ctx ends.
func (p *program) run(ctx context.Context) error {
	leadGroup(p.cmd)
	// Output that something of the group holds open is not waited for.
	p.cmd.WaitDelay = time.Second
	// The program dies with the thread that started it, and so with this process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var beside sync.WaitGroup
	if p.answers != nil {
		in, err := p.cmd.StdinPipe()
		if err != nil {
			return fmt.Errorf("open standard input: %w", err)
		}
		beside.Go(func() { p.answers.copyTo(in, p.exited) })
	}
	if err := p.cmd.Start(); err != nil {
		close(p.exited)
		beside.Wait()
		return tasks.Permanent(fmt.Errorf("start: %w", err))
	}
	beside.Go(func() { endGroup(ctx, p.cmd.Process.Pid, cmp.Or(p.definition.Grace, defaultGrace), p.exited) })
	if p.definition.Memory > 0 {
		beside.Go(func() { watchMemory(p.cmd.Process.Pid, p.definition.Memory, p.stop, p.exited) })
	}
	err := p.cmd.Wait()
	close(p.exited)
	beside.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // it ended well, and left something behind
	}
	return err
}

// ended says how the program ended that has no result.
func (p *program) ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("the program ended with %s; it said: %q", exit.ProcessState, p.said)
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
