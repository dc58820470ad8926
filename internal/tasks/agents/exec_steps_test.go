package agents

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/control"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
)

// mailer searches, and sends a mail, which is a line in a file. It is killed after that the
// first time.
const mailer = `
read input; echo "$input" > input
begin() { echo "{\"type\":\"begin\",\"step\":\"$1\",\"effect\":$2}"; read answer; echo "$answer" >> answers; case "$answer" in *'"go":true'*) echo "$1" >> log;; *) false;; esac; }
end() { echo "{\"type\":\"step\",\"step\":\"$1\",\"result\":$2}"; read answer; echo "$answer" >> answers; }
if begin search false; then end search 3; fi
if begin mail true; then if mkdir first 2>/dev/null; then kill -9 $$; fi; end mail '{"id":8}'; fi
echo '{"type":"result","result":"sent"}'
`

// rig performs the attempts of one run of an agent under a real brake.
type rig struct {
	*books
	agents *Agents
	dir    string
}

func newRig(t *testing.T, script string) *rig {
	t.Helper()
	r := &rig{books: newBooks(t), dir: t.TempDir()}
	r.use([]string{"/bin/sh", "-c", script})
	return r
}

// use has the agent run a command.
func (r *rig) use(command []string) {
	r.t.Helper()
	definition := Definition{Runtime: "exec", Command: command, Dir: r.dir, Env: []string{"PATH"}, Steps: true}
	exec := &Exec{Tell: func(context.Context, Run, []byte) error { return nil }}
	var err error
	r.agents, err = New(map[string]Definition{"mailer": definition}, map[string]Runtime{"exec": exec}, control.NewGuard(r.brake, zap.NewNop()), r.store)
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) attempt(number int) (any, error) {
	task := &tasks.Task{ID: "t1", Queue: "agents", Kind: "agent_mailer", Run: "r", Attempt: number, Payload: []byte(`{"user":"ada"}`)}
	return r.agents.ByKind()[task.Kind](r.t.Context(), task)
}

// read returns the lines of a file that the program wrote.
func (r *rig) read(name string) string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", " ")
}

func TestAnEffectThatMayHaveHappenedWaitsForAPerson(t *testing.T) {
	for decision, want := range map[control.Decision]string{control.Approved: "search mail mail", control.Rejected: "search mail"} {
		t.Run(string(decision), func(t *testing.T) {
			r := newRig(t, mailer)
			if _, err := r.attempt(1); fmt.Sprint(err) != `parked: step "mail" has begun and nobody knows whether it was done (the program ended with signal: killed; it said: ""): see switchyard run show t1, then approve t1 to have it done again, or reject t1` {
				t.Fatalf("attempt 1: %v, want it killed", err)
			}
			for number := 2; number < 4; number++ {
				_, err := r.attempt(number)
				if _, delayed := tasks.ParkedDelay(err); !tasks.IsParked(err) || delayed || fmt.Sprint(err) != `parked: step "mail" has begun and nobody knows whether it was done: see switchyard run show t1, then approve t1 to have it done again, or reject t1` {
					t.Fatalf("attempt %d: %v, want it parked until somebody decides", number, err)
				}
			}
			if _, err := r.store.Decide(t.Context(), journal.Run{User: "ada", Task: "agents/t1", ID: "r"}, journal.Verdict{Decision: decision, Result: json.RawMessage(`{"id":7}`)}); err != nil {
				t.Fatal(err)
			}
			for number := 4; number < 6; number++ { // the last one finds the run ended
				result, err := r.attempt(number)
				if err != nil || fmt.Sprintf("%s", result) != `"sent"` {
					t.Fatalf("attempt %d: %s, %v", number, result, err)
				}
			}
			if got := r.read("log"); got != want {
				t.Errorf("it did %s, want %s", got, want)
			}
		})
	}
}

func TestAProgramReadsWhatItHasDoneBefore(t *testing.T) {
	r := newRig(t, mailer)
	if _, err := r.attempt(1); fmt.Sprint(err) != `parked: step "mail" has begun and nobody knows whether it was done (the program ended with signal: killed; it said: ""): see switchyard run show t1, then approve t1 to have it done again, or reject t1` {
		t.Fatal("attempt 1 was not killed")
	}
	if _, err := r.store.Decide(t.Context(), journal.Run{User: "ada", Task: "agents/t1", ID: "r"}, journal.Verdict{Decision: control.Rejected}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.attempt(2); err != nil {
		t.Fatal(err)
	}
	if want := `{"version":1,"task":"t1","attempt":2,"agent":"mailer","user":"ada","steps":[{"step":"search","result":3},{"step":"mail","rejected":true}]}`; r.read("input") != want {
		t.Errorf("it read %s, want %s", r.read("input"), want)
	}
	want := `{"type":"begin","step":"search","go":true} {"type":"step","step":"search"} {"type":"begin","step":"mail","go":true} ` +
		`{"type":"begin","step":"search","go":false,"result":3} {"type":"begin","step":"mail","go":false,"rejected":true}`
	if got := r.read("answers"); got != want {
		t.Errorf("the answers are %s, want %s", got, want)
	}
}

func TestAProgramMayNotBeginAStepWhileItsUserIsPaused(t *testing.T) {
	r := newRig(t, `read input; mkdir up; while [ ! -d go ]; do sleep 0.01; done; echo '{"type":"begin","step":"mail","effect":true}'; read answer; echo "$answer" > answer`)
	done := make(chan error, 1)
	go func() {
		_, err := r.attempt(1)
		done <- err
	}()
	for !exists(r.dir + "/up") { // nothing signals what a program has done
		time.Sleep(time.Millisecond)
	}
	if _, err := r.brake.Pull(t.Context(), "ada", control.Order{}); err != nil { // nobody watches: the program goes on
		t.Fatal(err)
	}
	if err := os.Mkdir(r.dir+"/go", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !tasks.IsParked(err) {
		t.Errorf("error %v, want it parked", err)
	}
	if exists(r.dir + "/answer") {
		t.Errorf("the step was answered: %s", r.read("answer"))
	}
	if s, err := r.brake.Look(t.Context(), "ada"); err != nil || s.Parked != 1 || s.State != control.Paused {
		t.Errorf("status %+v, %v; want one parked", s, err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestWhatAProgramTellsWronglyOfItsStepsIsNamed(t *testing.T) {
	for want, script := range map[string]string{
		`a step has no name: give it one, such as "send mail"`:                               `echo '{"type":"begin"}'; read a`,
		`step "a" has begun and is not done: end it first, or give steps names of their own`: `echo '{"type":"begin","step":"a"}'; echo '{"type":"begin","step":"a"}'; read a`,
		`step "a" is finished already: give steps names of their own`:                        `echo '{"type":"step","step":"a"}'; echo '{"type":"step","step":"a"}'; read a`,
		`step "aaaaaaaaaaaaaaaaaaaa"… has a name of 201 bytes: at most 200 are allowed`:      `echo '{"type":"step","step":"` + strings.Repeat("a", 201) + `"}'; read a`,
		`output line "{\"type\":\"step\",\"step\":\"a\",\"result\":}" is no valid JSON: invalid character '}' looking for beginning of value: write each object whole, on a line of its own`: `echo '{"type":"step","step":"a","result":}'; read a`,
		`output line of type "Step": use progress, begin, step, undone, result or error`:                                                                                                     `echo '{"type":"Step","step":"a"}'; read a`,
	} {
		_, err := newRig(t, script).attempt(1)
		if fmt.Sprint(err) != want || !tasks.IsPermanent(err) {
			t.Errorf("%s: %v, want %q and permanent", script, err, want)
		}
	}
	d := script(`echo '{"type":"step","step":"a"}'`)
	if _, err := runScript(t.Context(), newTold(t), d); fmt.Sprint(err) != "the program tells a step, and its definition does not say so: set steps of the agent, and have the program wait for the answer to each" || !tasks.IsPermanent(err) {
		t.Errorf("steps without leave: %v", err)
	}
}

func TestAProgramThatReadsNoAnswersIsNotHeldUp(t *testing.T) {
	r := newRig(t, `i=0; while [ $i -lt 200 ]; do echo "{\"type\":\"step\",\"step\":\"$i `+strings.Repeat("x", 150)+`\",\"result\":0}"; i=$((i+1)); done; echo '{"type":"result","result":"all"}'`)
	result, err := r.attempt(1)
	if err != nil || fmt.Sprintf("%s", result) != `"all"` {
		t.Errorf("result %s, %v", result, err)
	}
}

// slow is a Redis that takes its time over each command.
type slow struct{}

func (slow) DialHook(next redis.DialHook) redis.DialHook { return next }

func (slow) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		time.Sleep(10 * time.Millisecond)
		return next(ctx, cmd)
	}
}

func (slow) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// TestAProgramThatHasEndedIsHeardOut has a program be long gone before its steps are written: what it has said
// last is its result all the same.
func TestAProgramThatHasEndedIsHeardOut(t *testing.T) {
	// More than is read at once, and less than the pipe takes.
	r := newRig(t, `for i in $(seq 200); do echo "{\"type\":\"step\",\"step\":\"$i `+strings.Repeat("x", 180)+`\",\"result\":0}"; done; echo '{"type":"result","result":"all"}'`)
	r.redis.AddHook(slow{})
	result, err := r.attempt(1)
	if err != nil || fmt.Sprintf("%s", result) != `"all"` {
		t.Errorf("result %s, %v", result, err)
	}
}

func TestADamagedJournalEndsItsRun(t *testing.T) {
	r := newRig(t, mailer)
	if _, err := r.attempt(1); fmt.Sprint(err) != `parked: step "mail" has begun and nobody knows whether it was done (the program ended with signal: killed; it said: ""): see switchyard run show t1, then approve t1 to have it done again, or reject t1` {
		t.Fatal("attempt 1 was not killed")
	}
	r.redis.LSet(t.Context(), "p:{user:ada}:journal:agents/t1:r", 1, "it was me")
	_, err := r.attempt(2)
	if !tasks.IsPermanent(err) || fmt.Sprint(err) != `read the journal of agents/t1: the journal is damaged: entry 2 ("it was me") is not a time, a sum and JSON; what the run has done is not known: look into it, and send the task anew` {
		t.Errorf("error %v, want a permanent one that names the entry and the remedy", err)
	}
}
