package redbeat

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"switchyard/internal/calendar"
	"switchyard/internal/schedule"
)

// noon is when the tests move entries: after the last run of those in testdata.
var noon = mustTime("2026-11-25T20:00:00Z")

func mustTime(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

// options are those of an application in Berlin whose tasks have kinds of their names.
func options(t testing.TB) Options {
	t.Helper()
	zone, err := calendar.LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	among := func(names ...string) func(string) bool {
		return func(name string) bool { return slices.Contains(names, name) }
	}
	return Options{
		Zone:  zone,
		Known: among("agent_job_scout", "briefing_generate", "scrape_page"),
		Queue: among("agents", "briefings", "scraping", "default"),
		Check: func(ctx context.Context, e schedule.Entry) error { return e.Validate(ctx) },
		Now:   func() time.Time { return noon },
	}
}

// recorded returns the entries in testdata, as RedBeat stored them, by their names.
func recorded(t testing.TB) map[string]Stored {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "dump.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dump map[string]struct {
		Type  string
		Value json.RawMessage
	}
	if err := json.Unmarshal(raw, &dump); err != nil {
		t.Fatal(err)
	}
	scores := make(map[string]float64)
	var pairs [][2]any
	if err := json.Unmarshal(dump["redbeat::schedule"].Value, &pairs); err != nil {
		t.Fatal(err)
	}
	for _, pair := range pairs {
		scores[pair[0].(string)] = pair[1].(float64)
	}
	found := make(map[string]Stored)
	for key, value := range dump {
		if value.Type != "hash" {
			continue
		}
		var fields struct{ Definition, Meta string }
		if err := json.Unmarshal(value.Value, &fields); err != nil {
			t.Fatal(err)
		}
		name := key[len(DefaultPrefix):]
		score, scheduled := scores[key]
		found[name] = Stored{Name: name, Definition: fields.Definition, Meta: fields.Meta, Score: score, Scheduled: scheduled}
	}
	if len(found) != 27 {
		t.Fatalf("testdata has %d entries, want 27", len(found))
	}
	return found
}
