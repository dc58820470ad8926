package agents

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"switchyard/internal/documents"
	"switchyard/internal/tasks"
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

func newAgents(t *testing.T, s *shelf, definitions map[string]Definition) *Agents {
	t.Helper()
	a, err := New(definitions, map[string]Runtime{"rank": &Rank{Documents: s, Now: func() time.Time { return noon }}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func perform(t *testing.T, a *Agents, kind, payload string) (any, error) {
	t.Helper()
	for _, d := range a.Kinds() {
		if d.Kind == kind {
			return d.Handle(t.Context(), &tasks.Task{ID: "t", Kind: kind, Payload: []byte(payload)})
		}
	}
	t.Fatalf("no kind %s", kind)
	return nil, nil
}

func TestALineOfConfigurationIsAKind(t *testing.T) {
	a := newAgents(t, &shelf{}, map[string]Definition{"scout": {Runtime: "rank"}, "job_scout": {Runtime: "rank"}})
	var kinds []string
	for _, d := range a.Kinds() {
		kinds = append(kinds, d.Kind)
	}
	if got := strings.Join(kinds, " "); got != "agent_job_scout agent_scout" {
		t.Errorf("kinds %s", got)
	}
}

func TestRankChoosesWhatTheUserWantsToReadAndSaysWhy(t *testing.T) {
	s := &shelf{documents: []documents.Document{
		{ID: "bread", Title: "Bread", Text: "Flour and water.", Language: "en"},
		{ID: "queues", Title: "Queues", Text: "Tasks wait in a queue.", URL: "https://example.org/q", Language: "en"},
		{ID: "butter", Title: "Butter", Text: "You queue for it.", Language: "en"},
	}}
	a := newAgents(t, s, map[string]Definition{"scout": {Runtime: "rank", Limit: 1, MaxAge: 48 * time.Hour}})
	result, err := perform(t, a, "agent_scout", `{"user":"ada","topics":["queues"]}`)
	if err != nil {
		t.Fatal(err)
	}
	r := result.(Ranking)
	if r.Considered != 3 || len(r.Choices) != 1 || r.Choices[0].Document != "queues" || r.Choices[0].Why == "" || r.Choices[0].URL == "" {
		t.Errorf("ranking %+v", r)
	}
	if !s.since.Equal(noon.Add(-48 * time.Hour)) {
		t.Errorf("looked back to %s", s.since)
	}
	result, err = perform(t, a, "agent_scout", `{"user":"ada","topics":["queues"],"since":"2030-06-01T00:00:00Z","limit":5}`)
	if err != nil || len(result.(Ranking).Choices) != 2 || s.since.Hour() != 0 {
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
		`{}`:                            `field "user" is empty`,
		`{"user":"a*"}`:                 "use letters",
		`{"user":"ada","topic":["x"]}`:  `unknown field "topic"`,
		`{"user":"ada","topics":[" "]}`: `field "topics"`,
		`{"user":"ada","limit":1000}`:   `field "limit" is 1000`,
	} {
		_, err := perform(t, a, "agent_scout", payload)
		if !tasks.IsPermanent(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want a permanent error with %q", payload, err, want)
		}
	}
}

func TestABadDefinitionIsRefusedByName(t *testing.T) {
	_, err := New(map[string]Definition{
		"a b": {Runtime: "rank"}, "x": {Runtime: "llama"}, "y": {Runtime: "rank", Limit: -1}, "z": {Runtime: "rank", MaxAge: -time.Hour},
	}, map[string]Runtime{"rank": &Rank{}})
	for _, want := range []string{`agent "a b"`, `unknown runtime "llama": use one of rank`, `agent "y": limit is -1`, `agent "z": max_age`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
}
