package agents

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"switchyard/internal/program"
)

const (
	// mcpGrace is from asking the program of a server to stop to killing it.
	mcpGrace = 2 * time.Second
	// maxTail bounds what is kept of its standard error, in bytes.
	maxTail = 2 << 10
	// minSecret is the length from which on the value of a variable is left out of what is
	// told of a program.
	minSecret = 8
)

// process is the program of an MCP server while it runs. It leads a process group, which ends
// with it.
type process struct {
	stop    context.CancelFunc
	in, out *os.File // our ends of its standard input and output
	exited  chan struct{}
	err     error // how it ended, once exited is closed
	words   lastWords
}

// startProcess starts the program of a server, which ends with ctx at the latest. What waits
// for it runs by start.
func startProcess(ctx context.Context, s Server, start func(func())) (*process, error) {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), in.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	p := &process{stop: stop, in: in, out: out, exited: make(chan struct{})}
	cmd := exec.Command(s.Command[0], s.Command[1:]...) //nolint:gosec // the operator's configuration names it
	cmd.Dir, cmd.Env = s.Dir, environ(ctx, s.Env)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirIn, theirOut, &p.words
	p.words.hide(cmd.Env)
	running, err := program.Start(cmd, s.Bounds)
	_, _ = theirIn.Close(), theirOut.Close() // it has ends of its own
	if err != nil {
		stop()
		_, _ = in.Close(), out.Close()
		return nil, err
	}
	start(func() {
		p.err = running.Wait(ctx, mcpGrace)
		close(p.exited)
	})
	return p, nil
}

// epitaph ends the program and returns what is to be said of its end: how it ended, and the
// last that it wrote to its standard error.
func (p *process) epitaph() string {
	ownEnd := false
	select {
	case <-p.exited:
		ownEnd = true
	case <-time.After(mcpGrace / 10): // it has closed its standard output and goes
	}
	p.stop()
	<-p.exited
	var parts []string
	switch {
	case ownEnd && p.err != nil:
		parts = append(parts, "the program ended: "+p.err.Error())
	case ownEnd:
		parts = append(parts, "the program ended")
	}
	if text := p.words.String(); text != "" {
		parts = append(parts, fmt.Sprintf("its standard error ends: %q", text))
	}
	return strings.Join(parts, "; ")
}

// leave closes the program's standard input, and ends it.
func (p *process) leave() {
	_ = p.in.Close()
	p.stop()
}

// lastWords keeps the end of what is written to it. It is safe for concurrent use.
type lastWords struct {
	mu     sync.Mutex
	text   []byte
	hidden []string
}

// hide leaves the values of an environment out of what is returned.
func (t *lastWords) hide(env []string) {
	for _, one := range env {
		if _, value, _ := strings.Cut(one, "="); len(value) >= minSecret {
			t.hidden = append(t.hidden, value, "(hidden)")
		}
	}
}

// Write implements [io.Writer].
func (t *lastWords) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const kept = 2 * maxTail // so that no value is cut that is to be hidden
	t.text = append(t.text, p[max(0, len(p)-kept):]...)
	t.text = t.text[max(0, len(t.text)-kept):]
	return len(p), nil
}

func (t *lastWords) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.NewReplacer(t.hidden...).Replace(string(t.text))
	return strings.TrimSpace(strings.ToValidUTF8(text[max(0, len(text)-maxTail):], ""))
}
