package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/control"
	"switchyard/internal/corpus"
	"switchyard/internal/documents"
	"switchyard/internal/events"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

type shelf struct {
	documents []documents.Document
	since     time.Time
	err       error
}

func (s *shelf) Recent(_ context.Context, since time.Time, _ int) ([]documents.Document, error) {
	s.since = since
	return s.documents, s.err
}

// brake is one that may be on, or be put on while a run goes on.
type brake struct {
	on     bool
	during context.CancelCauseFunc // of the run
	left   []bool                  // parked or not
	// released says that it is off again when a run leaves.
	released bool
}

func (b *brake) Enter(ctx context.Context, user, task string) (context.Context, control.Pass, error) {
	if b.on {
		return nil, control.Pass{}, control.ErrPaused
	}
	ctx, b.during = context.WithCancelCause(ctx)
	return ctx, control.Pass{User: user, Task: task, Leave: func(parked bool) bool {
		b.left = append(b.left, parked)
		return b.released
	}}, nil
}

func (b *brake) Words(_ context.Context, user string) string { return user + " is paused" }

// books hold the journal of one run.
type books struct {
	t     *testing.T
	redis redis.UniversalClient
	brake *control.Brake
	store *journal.Store
}

func newBooks(t *testing.T) *books {
	t.Helper()
	client := redistest.Client(t, redistest.Mini(t).Addr())
	brake := control.NewBrake(client, "p:", events.NewLog(client, "p:", "test"))
	return &books{t: t, redis: client, brake: brake, store: journal.NewStore(client, brake, "p:")}
}

// open opens the journal for an attempt, as on a worker of its own.
func (b *books) open(number int) *journal.Journal {
	b.t.Helper()
	_, pass, err := control.NewGuard(b.brake, zap.NewNop()).Enter(b.t.Context(), "ada", "agents/t1")
	if err != nil {
		b.t.Fatal(err)
	}
	j, err := b.store.Open(b.t.Context(), pass, "r", number)
	if err != nil {
		b.t.Fatal(err)
	}
	return j
}

func newAgents(t *testing.T, s *shelf, definitions map[string]Definition) *Agents {
	t.Helper()
	return newBraked(t, s, &brake{}, definitions)
}

func newBraked(t *testing.T, s DocumentReader, b *brake, definitions map[string]Definition) *Agents {
	t.Helper()
	a, err := New(definitions, map[string]Runtime{"rank": &Rank{Documents: s, Corpus: corpus.New(), Now: func() time.Time { return noon }}}, b, newBooks(t).store)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func perform(t *testing.T, a *Agents, kind, payload string) (any, error) {
	t.Helper()
	return a.ByKind()[kind](t.Context(), &tasks.Task{ID: "t", Kind: kind, Payload: []byte(payload)})
}

func TestALineOfConfigurationIsAKind(t *testing.T) {
	definitions := map[string]Definition{"scout": {Runtime: "rank"}, "job_scout": {Runtime: "rank"}}
	performed := slices.Sorted(maps.Keys(newAgents(t, &shelf{}, definitions).ByKind()))
	kinds, err := Kinds(definitions)
	if err != nil {
		t.Fatal(err)
	}
	var sent []string
	for _, k := range kinds {
		sent = append(sent, k.Name)
	}
	if want := []string{"agent_job_scout", "agent_scout"}; !slices.Equal(sent, want) || !slices.Equal(performed, want) {
		t.Errorf("kinds %v, performed %v, want %v", sent, performed, want)
	}
}

func TestRankChoosesWhatTheUserWantsToReadAndSaysWhy(t *testing.T) {
	s := &shelf{documents: []documents.Document{
		{ID: "bread", Title: "Bread", Text: "Flour and water.", Language: "en", Stored: noon},
		{ID: "queues", Title: "Queues", Text: "Tasks wait in a queue.", URL: "https://example.org/q", Language: "en", Stored: noon},
		{ID: "butter", Title: "Butter", Text: "You queue for it.", Language: "en", Stored: noon},
		{ID: "old", Title: "Queues", Text: "Fetched today.", Language: "en", Stored: noon, Published: noon.Add(-time.Hour * 24 * 300)},
		{ID: "foreign", Title: "Queues", Text: "Sie warten in queues.", Language: "de", Stored: noon},
	}}
	a := newAgents(t, s, map[string]Definition{"scout": {Runtime: "rank", Limit: 1, MaxAge: 48 * time.Hour}})
	result, err := perform(t, a, "agent_scout", `{"user":"ada","topics":["queues"],"languages":["en"]}`)
	if err != nil {
		t.Fatal(err)
	}
	r := ranking(t, result)
	if r.Considered != 5 || r.Old != 1 || r.Foreign != 1 || len(r.Choices) != 1 || r.Choices[0].Document != "queues" || r.Choices[0].Why == "" || r.Choices[0].URL == "" {
		t.Errorf("ranking %+v", r)
	}
	if r.Unmatched != 1 || len(r.Passed) != 1 || r.Passed[0].Document != "butter" || r.Passed[0].Why == "" || len(r.Choices[0].Matches[0].Words) != 1 {
		t.Errorf("ranking %+v; want to know what was passed over, and why", r)
	}
	if !s.since.Equal(noon.Add(-48 * time.Hour)) {
		t.Errorf("looked back to %s", s.since)
	}
	result, err = perform(t, a, "agent_scout", `{"user":"ada","topics":["queues"],"since":"2030-06-01T00:00:00Z","limit":5}`)
	if err != nil || len(ranking(t, result).Choices) != 3 || s.since.Hour() != 0 {
		t.Errorf("the arguments do not win over the definition: %+v, since %s, %v", result, s.since, err)
	}
}

func TestAnOutageIsRetriedAndBadArgumentsAreNot(t *testing.T) {
	s := &shelf{err: errors.New("redis away")}
	a := newAgents(t, s, map[string]Definition{"scout": {Runtime: "rank"}})
	if _, err := perform(t, a, "agent_scout", `{"user":"ada"}`); err == nil || tasks.IsPermanent(err) {
		t.Errorf("outage: %v", err)
	}
	for payload, want := range map[string]string{
		`{}`:                                     `agent_scout: field "user" is empty: give a user id`,
		`{"user":"a\nb"}`:                        `agent_scout: user "a\nb" has the character U+000A: leave out what cannot be printed, such as line breaks`,
		`{"user":"ada","topic":["x"]}`:           `agent_scout: unknown field "topic": remove it or check its spelling`,
		`{"user":"ada","languages":["English"]}`: `agent_scout: field "languages": "English": give codes of two letters, such as en or de`,
		`{"user":"ada","zone":"Mars/Olympus"}`:   `agent_scout: field "zone": zone "Mars/Olympus" is not a time zone: give an IANA name such as Europe/Berlin, or leave it out for UTC`,
		`{"user":"ada","topics":[" "]}`:          `agent_scout: field "topics": topic " ": give 1 to 200 bytes each`,
		`{"user":"ada","limit":1000}`:            `agent_scout: field "limit" is 1000: give 0 to 100`,
	} {
		_, err := perform(t, a, "agent_scout", payload)
		if !tasks.IsPermanent(err) || fmt.Sprint(err) != want {
			t.Errorf("%s: %v, want %q and permanent", payload, err, want)
		}
	}
}

// readerFunc is a reader of one function.
type readerFunc func(ctx context.Context) ([]documents.Document, error)

func (f readerFunc) Recent(ctx context.Context, _ time.Time, _ int) ([]documents.Document, error) {
	return f(ctx)
}

func TestARunIsParkedUnderTheBrakeAndNotOtherwise(t *testing.T) {
	failed := errors.New("redis away")
	for name, tc := range map[string]struct {
		on     bool
		read   func(b *brake) readerFunc
		parked bool
		delay  time.Duration
		left   string
	}{
		"it is on": {on: true, parked: true, delay: parkedFor, left: "[]"},
		"it is put on": {read: func(b *brake) readerFunc {
			return func(ctx context.Context) ([]documents.Document, error) {
				b.during(control.ErrPaused)
				return nil, ctx.Err()
			}
		}, parked: true, delay: parkedFor, left: "[true]"},
		"it is put on and off": {read: func(b *brake) readerFunc {
			return func(ctx context.Context) ([]documents.Document, error) {
				b.during(control.ErrPaused)
				b.released = true
				return nil, ctx.Err()
			}
		}, parked: true, delay: resumedFor, left: "[true]"},
		"it is put on too late": {read: func(b *brake) readerFunc {
			return func(context.Context) ([]documents.Document, error) {
				b.during(control.ErrPaused)
				return nil, nil
			}
		}, left: "[false]"},
		"something else fails": {read: func(*brake) readerFunc {
			return func(context.Context) ([]documents.Document, error) { return nil, failed }
		}, left: "[false]"},
	} {
		b := &brake{on: tc.on}
		reader := readerFunc(func(context.Context) ([]documents.Document, error) { return nil, nil })
		if tc.read != nil {
			reader = tc.read(b)
		}
		a := newBraked(t, reader, b, map[string]Definition{"scout": {Runtime: "rank"}})
		_, err := perform(t, a, "agent_scout", `{"user":"ada"}`)
		if tasks.IsParked(err) != tc.parked || fmt.Sprint(b.left) != tc.left {
			t.Errorf("%s: %v, left %v; want parked %v, left %s", name, err, b.left, tc.parked, tc.left)
		}
		if delay, _ := tasks.ParkedDelay(err); delay != tc.delay {
			t.Errorf("%s: it asks again by itself after %v, want %v", name, delay, tc.delay)
		}
	}
}

func TestABadDefinitionIsRefusedByName(t *testing.T) {
	_, err := New(map[string]Definition{
		"x": {Runtime: "llama"}, "y": {Runtime: "rank", Limit: -1}, "z": {Runtime: "rank", MaxAge: -time.Hour},
	}, map[string]Runtime{"rank": &Rank{}}, &brake{}, nil)
	const want = `agent "x": unknown runtime "llama": use one of rank
agent "y": limit is -1: use 0 to 100
agent "z": max_age is -1h0m0s: use 0 or more`
	if fmt.Sprint(err) != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func TestAnAgentWhoseNameMakesNoKindIsRefusedByName(t *testing.T) {
	_, err := Kinds(map[string]Definition{"a b": {Runtime: "rank"}, "scout": {Runtime: "rank"}})
	if want := `agent "a b": kind "agent_a b": use lower-case letters, digits and underscores, starting with a letter`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// ranking reads the result of a run.
func ranking(t *testing.T, result any) Ranking {
	t.Helper()
	raw, _ := result.(json.RawMessage)
	var r Ranking
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
	return r
}

// TestWorkersThatKnowNoLanguagesLeaveRunsToThoseThatDo holds the version of the payload: that of 0.1.0
// was 1, and a worker of it refuses fields that it does not know, unless the payload says that it is later.
func TestWorkersThatKnowNoLanguagesLeaveRunsToThoseThatDo(t *testing.T) {
	kinds, err := Kinds(map[string]Definition{"scout": {Runtime: "rank"}})
	if err != nil || len(kinds) != 1 || kinds[0].Version != 2 {
		t.Errorf("kinds %+v, %v, want one of version 2", kinds, err)
	}
}
