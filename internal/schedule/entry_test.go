package schedule

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// newEntry returns a valid entry of that ID.
func newEntry(id, spec string) Entry {
	return Entry{ID: id, Spec: spec, Kind: "scrape_page", Payload: json.RawMessage(`{"url":"https://example.com"}`), Origin: OriginAPI}
}

func TestBadEntriesAreNamedWithARemedy(t *testing.T) {
	if err := newEntry("user.u1:briefing-2_a", "@daily").Validate(t.Context()); err != nil {
		t.Fatalf("a good entry: %v", err)
	}
	tests := []struct {
		want  string
		spoil func(*Entry)
	}{
		{"entry id is empty", func(e *Entry) { e.ID = "" }},
		{"use letters, digits", func(e *Entry) { e.ID = "{0}" }},
		{"use letters, digits", func(e *Entry) { e.ID = "a b" }},
		{"use letters, digits", func(e *Entry) { e.ID = "a b" }},
		{"use letters, digits", func(e *Entry) { e.ID = "a\n" }},
		{"at most 128", func(e *Entry) { e.ID = strings.Repeat("a", 129) }},
		{`minute "61"`, func(e *Entry) { e.Spec = "61 * * * *" }},
		{`zone "Mars/Olympus"`, func(e *Entry) { e.Zone = "Mars/Olympus" }},
		{"kind is empty", func(e *Entry) { e.Kind = "" }},
		{"not a JSON object", func(e *Entry) { e.Payload = json.RawMessage(`[1]`) }},
		{"not a JSON object", func(e *Entry) { e.Payload = json.RawMessage(`{"url":`) }},
		{"schedule a reference", func(e *Entry) { e.Payload = json.RawMessage(`"` + strings.Repeat("x", MaxPayload) + `"`) }},
		{`queue "no such"`, func(e *Entry) { e.Queue = "no such" }},
		{"use latest, none or all", func(e *Entry) { e.CatchUp = "some" }},
		{"give 1 to 1000", func(e *Entry) { e.CatchUp, e.CatchUpLimit = All, 1001 }},
		{"set catch_up to all", func(e *Entry) { e.CatchUpLimit = 5 }},
		{"fresh_for", func(e *Entry) { e.FreshFor = -time.Second }},
		{"owner", func(e *Entry) { e.Owner = "u\x001" }},
		{"origin", func(e *Entry) { e.Origin = "" }},
	}
	for _, test := range tests {
		e := newEntry("e1", "@daily")
		test.spoil(&e)
		if err := e.Validate(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Validate = %v, want an error with %q", err, test.want)
		}
	}
}

func TestNextTicksAreInTheEntrysZone(t *testing.T) {
	e := newEntry("e1", "0 8 * * *")
	e.Zone = "Europe/Berlin"
	ticks, err := e.NextTicks(t.Context(), mustTime(t, "2026-03-28T12:00:00Z"), 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"2026-03-29T08:00:00+02:00", "2026-03-30T08:00:00+02:00"}
	if len(ticks) != 2 || ticks[0].Format(time.RFC3339) != want[0] || ticks[1].Format(time.RFC3339) != want[1] {
		t.Errorf("got %v, want %v", ticks, want)
	}
	e.Spec = "at 2026-03-29T08:00:00Z"
	if ticks, err = e.NextTicks(t.Context(), mustTime(t, "2026-03-28T12:00:00Z"), 5); err != nil || len(ticks) != 1 {
		t.Errorf("a single moment: got %v, %v, want it alone", ticks, err)
	}
}

func TestEverythingWrongWithAnEntryIsTold(t *testing.T) {
	e := newEntry("e1", "61 * * * *")
	e.Kind, e.Overlap, e.CatchUp, e.Owner = "No Kind", "often", "some", "a\nb"
	err := e.Validate(t.Context())
	for _, want := range []string{`minute "61"`, `kind "No Kind"`, `overlap "often"`, `catch_up "some"`, `owner: user "a\nb" has the character U+000A`} {
		if err == nil || strings.Count(err.Error(), "entry e1: ") != 5 || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %s", err, want)
		}
	}
}

func TestAPanicAboutASpecIsAnErrorThatNamesIt(t *testing.T) {
	e := newEntry("e1", "@daily")
	read := func() (err error) {
		defer e.catchPanic(&err)
		panic("no such day")
	}
	if err := read(); err == nil || err.Error() != `spec "@daily": panic: no such day` {
		t.Errorf("got %v", err)
	}
}
