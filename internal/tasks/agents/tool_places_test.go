package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"switchyard/internal/control"
	"switchyard/internal/llm"
	"switchyard/test/llmtest"
)

// lookout is a tool without effect that notes how many calls are under way. Calls return when
// the test lets them, by the name that they were given.
type lookout struct {
	mu          sync.Mutex
	under, most int
	begun       chan string // the names, as calls begin
	let         map[string]chan struct{}
}

func newLookout(names ...string) *lookout {
	l := &lookout{begun: make(chan string, len(names)), let: make(map[string]chan struct{})}
	for _, name := range names {
		l.let[name] = make(chan struct{})
	}
	return l
}

func (*lookout) Describe() llm.Tool {
	return describe("look", "Looks around.", `{"at":{"type":"string"}}`, "at")
}
func (*lookout) Effect() bool { return false }
func (l *lookout) Call(ctx context.Context, _ Run, _ string, arguments json.RawMessage) (string, error) {
	var args struct{ At string }
	if err := json.Unmarshal(arguments, &args); err != nil {
		return "", err
	}
	l.count(1)
	defer l.count(-1)
	l.begun <- args.At
	if args.At == "the sun" {
		panic("too bright")
	}
	select {
	case <-l.let[args.At]:
		return "saw " + args.At, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// lonely is a post that notes how many lookouts are under way when it posts.
type lonely struct {
	*post
	lookout *lookout
	beside  int
}

func (p *lonely) Call(ctx context.Context, run Run, id string, arguments json.RawMessage) (string, error) {
	p.lookout.mu.Lock()
	p.beside += p.lookout.under
	p.lookout.mu.Unlock()
	return p.post.Call(ctx, run, id, arguments)
}

func (l *lookout) count(by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.under += by
	l.most = max(l.most, l.under)
}

// looking returns a study of a model that looks at all of these at once, and posts a letter
// where the name is "post".
func looking(t *testing.T, l *lookout, names ...string) *study {
	t.Helper()
	var calls []string
	for _, name := range names {
		if name == "post" {
			calls = append(calls, "post", `{"to":"bob"}`)
			continue
		}
		calls = append(calls, "look", fmt.Sprintf(`{"at":%q}`, name))
	}
	s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
		if turn(a) == 1 {
			return llmtest.Use(calls...)
		}
		return llmtest.Say("well")
	})
	s.tools = map[string]Tool{"look": l}
	s.definition.Tools = []string{"look", "post"}
	return s
}

// written returns the numbers of the calls of tools in the order in which entries of the
// journal have this event of theirs.
func (s *study) written(event string) string {
	s.t.Helper()
	stored, err := s.redis.LRange(s.t.Context(), "p:{user:ada}:journal:agents/t1:r", 0, -1).Result()
	if err != nil {
		s.t.Fatal(err)
	}
	var numbers []string
	for _, text := range stored {
		var e struct{ Event, Step string }
		if err := json.Unmarshal([]byte(strings.SplitN(text, " ", 3)[2]), &e); err != nil {
			s.t.Fatal(err)
		}
		if number, ok := strings.CutPrefix(e.Step, "tool 1."); ok && e.Event == event {
			numbers = append(numbers, strings.Fields(number)[0])
		}
	}
	return strings.Join(numbers, " ")
}

func TestCallsWithoutEffectAreMadeAtTheSameTimeInTheJournalsOrder(t *testing.T) {
	l := newLookout("a", "b", "c", "d", "e", "f")
	s := looking(t, l, "a", "b", "c", "d", "e", "post", "f")
	alone := &lonely{post: &s.post, lookout: l}
	s.tools["post"] = alone
	done := make(chan error, 1)
	go func() {
		_, err := s.handle(t.Context(), 1)
		done <- err
	}()
	for range maxTogether {
		if got := <-l.begun; got > "d" {
			t.Errorf("%s began before its turn", got)
		}
	}
	for _, name := range []string{"d", "c", "b", "a"} { // the last is done first
		close(l.let[name])
	}
	if got := <-l.begun; got != "e" || len(s.post.done) > 0 {
		t.Errorf("%s began, posted %v; want the fifth, and the letter after it", got, s.post.done)
	}
	close(l.let["e"])
	if got := <-l.begun; got != "f" || len(s.post.done) != 1 {
		t.Errorf("%s began, posted %v; want the last, and the letter before it", got, s.post.done)
	}
	close(l.let["f"])
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	h, err := s.store.Read(t.Context(), s.run())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range h.Steps {
		if want := strings.HasSuffix(step.Name, " post"); step.Effect != want {
			t.Errorf("step %s is an effect: %t, want %t", step.Name, step.Effect, want)
		}
	}
	if alone.beside != 0 {
		t.Errorf("%d calls were under way beside the one with an effect", alone.beside)
	}
	if l.most != maxTogether {
		t.Errorf("%d calls at the same time, want %d", l.most, maxTogether)
	}
	if got := s.written("done"); got != "1 2 3 4 5 6 7" {
		t.Errorf("the journal has the ends of %s", got)
	}
	if got := s.written("begin"); !slices.IsSorted(strings.Fields(got)) { // those that it keeps
		t.Errorf("the journal has the begins of %s", got)
	}
	var heard []string
	for _, line := range s.server.Asked()[1].Conversation {
		if _, text, ok := strings.Cut(line, "\n"); ok && strings.HasPrefix(line, "result ") {
			heard = append(heard, strings.TrimSuffix(text, "\n</data>"))
		}
	}
	if got := strings.Join(heard, ", "); got != "saw a, saw b, saw c, saw d, saw e, posted, saw f" {
		t.Errorf("the model is told %s", got)
	}
}

func TestThePauseOfARunStopsAllOfItsCalls(t *testing.T) {
	l := newLookout("a", "b", "c", "d", "e", "f")
	s := looking(t, l, "a", "b", "c", "d", "e", "f")
	ctx, pause := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := s.attempt(ctx, 1)
		done <- err
	}()
	for range maxTogether {
		<-l.begun
	}
	if _, err := s.brake.Pull(t.Context(), "ada", control.Order{}); err != nil {
		t.Fatal(err)
	}
	pause(control.ErrPaused)
	if err := <-done; !errors.Is(err, control.ErrPaused) {
		t.Errorf("error %v, want ErrPaused", err)
	}
	if got := s.written("done"); got != "" || l.under != 0 || len(l.begun) > 0 {
		t.Errorf("the journal has the ends of %s, %d calls go on, and %d more have begun", got, l.under, len(l.begun))
	}
}

func TestAPanicOfAToolIsItsHandlers(t *testing.T) {
	l := newLookout("the moon", "the sun")
	s := looking(t, l, "the moon", "the sun")
	defer func() {
		if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "tool look: too bright\n") || !strings.Contains(text, "lookout).Call") {
			t.Errorf("the handler panics with %q", text)
		}
	}()
	_, err := s.handle(t.Context(), 1)
	t.Errorf("it returned %v", err)
}
