package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"switchyard/internal/control"
	"switchyard/internal/tasks"
)

// TestMain runs the tests, or a server of tools: the test binary is its own MCP server.
func TestMain(m *testing.M) {
	if os.Getenv(mcpVariable) != "" {
		serveTools()
		return
	}
	goleak.VerifyTestMain(m)
}

// told keeps the progress that was told.
type told struct {
	t      *testing.T
	mu     sync.Mutex
	events []string
	first  chan struct{} // closed at the first
}

func newTold(t *testing.T) *told { return &told{t: t, first: make(chan struct{})} }

func (s *told) tell(ctx context.Context, run Run, progress []byte) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, run.Args.User+" "+run.Task.ID+" "+string(progress))
	if len(s.events) == 1 {
		close(s.first)
	}
	return nil
}

// script returns a definition that runs a script.
func script(text string) Definition {
	return Definition{Runtime: "exec", Command: []string{"/bin/sh", "-c", text}}
}

// traced returns a context within a trace, and how W3C writes that down.
func traced(t *testing.T) (ctx context.Context, header string) {
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xab}, SpanID: trace.SpanID{0xcd}, TraceFlags: trace.FlagsSampled})
	return trace.ContextWithSpanContext(t.Context(), span), "00-" + span.TraceID().String() + "-" + span.SpanID().String() + "-01"
}

func runScript(ctx context.Context, s *told, d Definition) (any, error) {
	return runAttempt(ctx, s, d, newBooks(s.t), 2)
}

// runAttempt makes an attempt of the run in books.
func runAttempt(ctx context.Context, s *told, d Definition, b *books, number int) (any, error) {
	run := Run{Task: &tasks.Task{ID: "t1", Attempt: number}, Definition: d, Journal: b.open(number), Args: Args{Agent: "scout", User: "ada", Topics: []string{"tides"}, Input: json.RawMessage(`{"depth":3}`)}}
	return (&Exec{Tell: s.tell}).Run(ctx, run)
}

func TestAProgramReadsItsInputAndWritesItsResult(t *testing.T) {
	t.Setenv("LISTED", "yes")
	t.Setenv("SECRET", "no")
	dir := t.TempDir()
	d := script(`read line; env > env; echo '{"type":"progress","message":"reading","done":1,"total":2}'; printf '{"type":"result","result":%s}' "$line"`)
	d.Dir, d.Env = dir, []string{"LISTED", "NOT_SET"}
	s := newTold(t)
	ctx, header := traced(t)
	result, err := runScript(ctx, s, d)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":1,"task":"t1","attempt":2,"agent":"scout","user":"ada","topics":["tides"],"input":{"depth":3}}`
	if got := string(result.(json.RawMessage)); got != want {
		t.Errorf("it read %s, want %s", got, want)
	}
	if want := []string{`ada t1 {"message":"reading","done":1,"total":2}`}; fmt.Sprint(s.events) != fmt.Sprint(want) {
		t.Errorf("told %v, want %v", s.events, want)
	}
	env, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil || !strings.Contains(string(env), "LISTED=yes\n") || strings.Contains(string(env), "SECRET") || strings.Contains(string(env), "HOME=") {
		t.Errorf("its environment is %q, %v; want the listed variable alone", env, err)
	}
	if want := "TRACEPARENT=" + header + "\n"; !strings.Contains(string(env), want) {
		t.Errorf("its environment is %q, want %s in it", env, want)
	}
}

// size is how much a program held when it was seen to hold too much.
var size = regexp.MustCompile(`\(\d+ of`)

func TestWhatAProgramDoesWrongIsNamed(t *testing.T) {
	for name, tc := range map[string]struct {
		change    func(*Definition)
		script    string
		want      string
		permanent bool
	}{
		"no JSON":            {script: "echo hello", want: `the program printed "hello", and its standard output takes JSON objects, one to a line: print it to standard error (in Python print(..., file=sys.stderr), in Node console.error(...)), or tell it as {"type":"progress","message":"..."}`, permanent: true},
		"another type":       {script: `echo '{"type":"song"}'`, want: `output line of type "song": use progress, begin, step, undone, result or error`, permanent: true},
		"an error":           {script: `echo '{"type":"error","message":"try later"}'`, want: "the program failed: try later"},
		"a permanent error":  {script: `echo '{"type":"error","message":"no account","permanent":true}'`, want: "the program failed: no account", permanent: true},
		"it fails":           {script: "echo why >&2; exit 3", want: `the program ended with exit status 3; it said: "why\n"`},
		"it kills itself":    {script: "kill -9 $$", want: `the program ended with signal: killed; it said: ""`},
		"too much output":    {script: "yes '{\"type\":\"progress\"}'", want: "the program wrote more than its limit: raise output of the agent, or write less", permanent: true},
		"one endless line":   {script: "cat /dev/zero", want: "the program wrote more than its limit: raise output of the agent, or write less", permanent: true},
		"too much memory":    {script: "tail /dev/zero", change: func(d *Definition) { d.Memory = 50 << 20 }, want: "the program held more memory than its limit: raise memory of the agent, or hold less (N of 52428800 bytes)", permanent: true},
		"there is no such":   {change: func(d *Definition) { d.Command = []string{"/no/such/program"} }, want: "start: execute /no/such/program: no such file or directory", permanent: true},
		"there is no such d": {change: func(d *Definition) { d.Dir = "/no/such/dir" }, want: "start: chdir /no/such/dir: no such file or directory", permanent: true},
	} {
		t.Run(name, func(t *testing.T) {
			d := script(tc.script)
			if tc.change != nil {
				tc.change(&d)
			}
			result, err := runScript(t.Context(), newTold(t), d)
			if size.ReplaceAllString(fmt.Sprint(err), "(N of") != tc.want || tasks.IsPermanent(err) != tc.permanent {
				t.Errorf("result %v, error %v; want %q, permanent %v", result, err, tc.want, tc.permanent)
			}
		})
	}
}

func TestAProgramWithoutAResultHasNone(t *testing.T) {
	if result, err := runScript(t.Context(), newTold(t), script("exit 0")); result != nil || err != nil {
		t.Errorf("result %v, error %v; want neither", result, err)
	}
}

// alive reports whether a process that wrote its ID to a file runs, and is no zombie.
func alive(t *testing.T, file string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ") && syscall.Kill(pid, 0) == nil
}

func awaitGone(t *testing.T, file string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); alive(t, file); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what the program left behind is still there")
		}
	}
}

func TestAPauseStopsAProgramWithItsWholeGroup(t *testing.T) {
	for name, text := range map[string]string{
		"asked":  `sleep 1000 & echo $! > child; echo '{"type":"progress"}'; wait`,
		"killed": `trap '' TERM; sleep 1000 & echo $! > child; echo '{"type":"progress"}'; while true; do wait; done`,
	} {
		t.Run(name, func(t *testing.T) {
			d := script(text)
			d.Dir, d.Grace = t.TempDir(), 100*time.Millisecond
			ctx, cancel := context.WithCancelCause(t.Context())
			s := newTold(t)
			done := make(chan error, 1)
			go func() {
				_, err := runScript(ctx, s, d)
				done <- err
			}()
			<-s.first
			cancel(control.ErrPaused)
			if err := <-done; !errors.Is(err, control.ErrPaused) {
				t.Errorf("error %v, want ErrPaused", err)
			}
			awaitGone(t, filepath.Join(d.Dir, "child"))
		})
	}
}

func TestWhatAProgramLeavesBehindIsKilled(t *testing.T) {
	d := script(`sleep 1000 & echo $! > child; echo '{"type":"result","result":1}'`)
	d.Dir = t.TempDir()
	result, err := runScript(t.Context(), newTold(t), d)
	if err != nil || string(result.(json.RawMessage)) != "1" {
		t.Errorf("result %v, error %v; want 1", result, err)
	}
	awaitGone(t, filepath.Join(d.Dir, "child"))
}

func TestABadProgramIsRefusedByName(t *testing.T) {
	_, err := New(map[string]Definition{
		"x": {Runtime: "exec"}, "y": {Runtime: "exec", Command: []string{"true"}, Grace: -1}, "z": {Runtime: "rank", Command: []string{"true"}},
	}, map[string]Runtime{"rank": &Rank{}, "exec": &Exec{}}, &brake{}, nil)
	const want = `agent "x": command is empty: give the program and its arguments, such as [python3, agent.py]
agent "y": grace is -1ns: use 0 or more
agent "z": command, steps, user, own_dir, limits or allow is given to the runtime "rank": use the runtime exec, or leave it out`
	if fmt.Sprint(err) != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}
