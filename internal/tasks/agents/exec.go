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
	"strings"
	"sync"
	"time"

	"switchyard/internal/program"
	"switchyard/internal/redact"
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
// those of its trace, if it has one. It runs within the bounds of its definition. It is asked
// to stop when the attempt is over before the program is, and killed when it does not; what it
// has started is killed with it, and when it ends.
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
	telling := &teller{ctx: ctx, tell: func(ctx context.Context, p programProgress) { e.tell(ctx, run, p) }}
	defer telling.end()
	// Whatever ends the program early is the cause of its context's end.
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	p := &execution{definition: d, stop: stop, said: &tail{keep: stderrKept}}
	out := &lines{room: cmp.Or(d.Output, defaultOutput), stop: stop, teller: telling}
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
func (e *Exec) tell(ctx context.Context, run Run, p programProgress) {
	p.Message = redact.Process.Text(p.Message)
	text, err := json.Marshal(p)
	if err == nil {
		_ = e.Tell(ctx, run, text) // it is no reason to end the run
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

// execution is an attempt's program, with what is needed beside it.
type execution struct {
	cmd        *exec.Cmd
	definition Definition
	answers    *writer // nil: its input ends with its first line
	said       *tail
	stop       context.CancelCauseFunc
}

// run runs the program until it has ended, which it is asked to when ctx ends.
func (e *execution) run(ctx context.Context) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	exited := make(chan struct{})
	defer close(exited)
	if e.answers != nil {
		in, err := e.cmd.StdinPipe()
		if err != nil {
			return fmt.Errorf("open standard input: %w", err)
		}
		beside.Go(func() { e.answers.copyTo(in, exited) })
	}
	p, err := program.Start(e.cmd, e.definition.Bounds)
	if err != nil {
		return startFault(err)
	}
	if e.definition.Memory > 0 {
		beside.Go(func() { watchMemory(p, e.definition.Memory, e.stop, exited) })
	}
	return p.Wait(ctx, cmp.Or(e.definition.Grace, defaultGrace))
}

// startFault returns the error of a program that did not start, permanent unless it was the
// machine that was short of something.
func startFault(err error) error {
	var start *program.StartError
	if errors.As(err, &start) && start.Passes() {
		return err
	}
	return tasks.Permanent(err)
}

// ended says how the program ended that has no result.
func (e *execution) ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var exit *program.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("the program ended with %w; it said: %q", exit, e.said)
	}
	return err
}

// tail keeps the end of what is written to it. It is safe for one writer.
type tail struct {
	keep int // bytes
	text []byte
}

var _ io.Writer = (*tail)(nil)

// Write implements [io.Writer]. It keeps more than is told, so that no secret is cut before it
// is looked for.
func (t *tail) Write(p []byte) (int, error) {
	kept := 2 * t.keep
	t.text = append(t.text, p[max(0, len(p)-kept):]...)
	t.text = t.text[max(0, len(t.text)-kept):]
	return len(p), nil
}

func (t *tail) String() string {
	text := redact.Process.Text(string(t.text))
	return strings.ToValidUTF8(text[max(0, len(text)-t.keep):], "")
}
