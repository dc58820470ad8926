package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/internal/control"
	"switchyard/internal/redact"
	"switchyard/internal/tasks"
)

func TestProgressIsAnyNumberThatIsNotNegative(t *testing.T) {
	for line, want := range map[string]string{
		`"done":3,"total":10`:                    `{"done":3,"total":10}`,
		`"done":1.0,"total":1e3`:                 `{"done":1,"total":1000}`,
		`"done":0.25,"total":1`:                  `{"done":0.25,"total":1}`,
		`"done":0,"total":-0.0`:                  `{"done":0,"total":0}`,
		`"done":9007199254740993`:                `{"done":9007199254740993}`,
		`"done":1.5e300,"total":null`:            `{"done":1.5e+300}`,
		`"done":18446744073709551616`:            `{"done":18446744073709552000}`,
		`"message":"half","done":5E-1,"total":1`: `{"message":"half","done":0.5,"total":1}`,
	} {
		s := newTold(t)
		if _, err := runScript(t.Context(), s, script(`echo '{"type":"progress",`+line+`}'`)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if got := []string{"ada t1 " + want}; !slices.Equal(s.events, got) {
			t.Errorf("%s: told %v, want %v", line, s.events, got)
		}
	}
}

func TestProgressThatIsNoAmountIsRefused(t *testing.T) {
	for value, want := range map[string]string{
		"-1": "-1", `"3"`: `"3"`, "true": "true", "[]": "[]", "1e400": "1e400",
	} {
		_, err := runScript(t.Context(), newTold(t), script(`echo '{"type":"progress","done":`+value+`}'`))
		want = fmt.Sprintf("output line %q: done or total is %s: give a number of 0 or more", `{"type":"progress","done":`+value+`}`, want)
		if err == nil || err.Error() != want || !tasks.IsPermanent(err) {
			t.Errorf("%s: error %v, want the permanent one %s", value, err, want)
		}
	}
}

// TestTheLastProgressIsTold has programs tell more than is told, and then end in some way, or
// go on without a word.
func TestTheLastProgressIsTold(t *testing.T) {
	const burst = `for i in 1 2 3 4 5; do echo "{\"type\":\"progress\",\"done\":$i}"; done; `
	for name, end := range map[string]string{
		"it has a result": `echo '{"type":"result","result":1}'`, "it fails": "exit 1", "it says an error": `echo '{"type":"error"}'; sleep 1000`,
		"it prints": "echo hello; sleep 1000",
	} {
		t.Run(name, func(t *testing.T) {
			s := newTold(t)
			_, _ = runScript(t.Context(), s, script(burst+end))
			if len(s.events) == 5 || s.events[len(s.events)-1] != `ada t1 {"done":5}` {
				t.Errorf("told %v, want fewer than 5, and the last", s.events)
			}
		})
	}
	for name, cause := range map[string]error{"it goes on": nil, "it is paused": control.ErrPaused} {
		t.Run(name, func(t *testing.T) {
			d := script(burst + "touch told; exec sleep 1000")
			d.Dir = t.TempDir()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			s, done := newTold(t), make(chan error, 1)
			go func() {
				_, err := runScript(ctx, s, d)
				done <- err
			}()
			<-s.first
			if cause != nil {
				for !exists(filepath.Join(d.Dir, "told")) {
					time.Sleep(time.Millisecond)
				}
			}
			for deadline := time.Now().Add(time.Minute); cause == nil && s.latest() != `ada t1 {"done":5}`; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("told %v, want the last while it goes on", s.events)
				}
			}
			cancel(cause)
			if err := <-done; cause != nil && !errors.Is(err, cause) {
				t.Errorf("error %v, want %v", err, cause)
			}
			if got := s.latest(); got != `ada t1 {"done":5}` {
				t.Errorf("told last %s, want the last", got)
			}
		})
	}
}

// latest returns what was told last.
func (s *told) latest() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events[len(s.events)-1]
}

func TestAPlainPrintIsShownWithItsCure(t *testing.T) {
	redact.Process.Know("printed-secret-1")
	for printed, shown := range map[string]string{
		"Hello, world": `"Hello, world"`, "42": `"42"`, "[1]": `"[1]"`, "key printed-secret-1": `"key (hidden)"`,
		strings.Repeat("x", 200):                     `"` + strings.Repeat("x", 80) + `"`,
		strings.Repeat("x", 70) + "printed-secret-1": `"` + strings.Repeat("x", 70) + `(hidden)"`,
	} {
		_, err := runScript(t.Context(), newTold(t), script("echo '"+printed+"'"))
		want := "the program printed " + shown + `, and its standard output takes JSON objects, one to a line: print it to standard error (in Python print(..., file=sys.stderr), in Node console.error(...)), or tell it as {"type":"progress","message":"..."}`
		if err == nil || err.Error() != want || !tasks.IsPermanent(err) {
			t.Errorf("error %v, want the permanent one %s", err, want)
		}
	}
	_, err := runScript(t.Context(), newTold(t), script(`echo '{"done": NaN}'`))
	if want := `output line "{\"done\": NaN}" is no valid JSON: invalid character 'N' looking for beginning of value: write each object whole, on a line of its own`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// nodeReader is how one reads lines in Node.
const nodeReader = `
const rl = require("readline").createInterface({input: process.stdin});
const say = (o) => console.log(JSON.stringify(o));
(async () => {
  for await (const line of rl) {
    const o = JSON.parse(line);
    if (o.version) say({type: "begin", step: "a"});
    else if (o.type === "begin") say({type: "step", step: "a", result: 7});
    else say({type: "result", result: "read to the end"});
  }
})();
`

func TestTheInputEndsWithTheResult(t *testing.T) {
	programs := map[string][]string{"sh": {"/bin/sh", "-c", `read input; echo '{"type":"begin","step":"a"}'; read answer; echo '{"type":"step","step":"a"}'; read answer; echo '{"type":"result","result":"read to the end"}'; while read more; do :; done`}}
	if node, err := exec.LookPath("node"); err == nil {
		programs["node"] = []string{node, "-e", nodeReader}
	}
	for name, command := range programs {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "")
			r.use(command)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			task := &tasks.Task{ID: "t1", Queue: "agents", Kind: "agent_mailer", Run: "r", Attempt: 1, Payload: []byte(`{"user":"ada"}`)}
			result, err := r.agents.ByKind()[task.Kind](ctx, task)
			if raw, _ := result.(json.RawMessage); err != nil || string(raw) != `"read to the end"` {
				t.Errorf("result %s, error %v", raw, err)
			}
		})
	}
}

func TestNoStepBeginsBehindAResult(t *testing.T) {
	_, err := newRig(t, `echo '{"type":"result"}'; echo '{"type":"begin","step":"a"}'; read a; read a`).attempt(1)
	if !errors.Is(err, errAfterResult) || !tasks.IsPermanent(err) {
		t.Errorf("error %v, want the permanent %v", err, errAfterResult)
	}
}

func TestAProgramsWordsHaveNoSecrets(t *testing.T) {
	redact.Process.Know("told-secret-2", "cut-secret-3")
	long := strings.Repeat("y", stderrKept-len("x (hidden)"))
	_, err := runScript(t.Context(), newTold(t), script(`printf 'x cut-secret-3`+long+`' >&2; exit 1`))
	if want := `the program ended with exit status 1; it said: "x (hidden)` + long + `"`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	s := newTold(t)
	if _, err := runScript(t.Context(), s, script(`echo '{"type":"progress","message":"with told-secret-2"}'`)); err != nil {
		t.Fatal(err)
	}
	if want := []string{`ada t1 {"message":"with (hidden)"}`}; !slices.Equal(s.events, want) {
		t.Errorf("told %v, want %v", s.events, want)
	}
}
