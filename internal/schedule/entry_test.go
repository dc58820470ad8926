package schedule

import (
	"encoding/json"
	"fmt"
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
		{"entry id is empty: give a name such as nightly-report", func(e *Entry) { e.ID = "" }},
		{`entry id "{0}": use letters, digits and _.:@+- and start with a letter or digit`, func(e *Entry) { e.ID = "{0}" }},
		{`entry id "a b": use letters, digits and _.:@+- and start with a letter or digit`, func(e *Entry) { e.ID = "a b" }},
		{`entry id "a b": use letters, digits and _.:@+- and start with a letter or digit`, func(e *Entry) { e.ID = "a b" }},
		{`entry id "a\n": use letters, digits and _.:@+- and start with a letter or digit`, func(e *Entry) { e.ID = "a\n" }},
		{`entry id "aaaaaaaaaaaaaaaaaaaa"… has 129 bytes: at most 128 are allowed`, func(e *Entry) { e.ID = strings.Repeat("a", 129) }},
		{`entry e1: spec "61 * * * *": minute "61" is not valid, "61" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`, func(e *Entry) { e.Spec = "61 * * * *" }},
		{`entry e1: zone "Mars/Olympus" is not a time zone: give an IANA name such as Europe/Berlin, or leave it out for UTC`, func(e *Entry) { e.Zone = "Mars/Olympus" }},
		{"entry e1: kind is empty: give a name such as agent_scout", func(e *Entry) { e.Kind = "" }},
		{`entry e1: payload "[1]" is not a JSON object: write one such as {"user":"u1"}`, func(e *Entry) { e.Payload = json.RawMessage(`[1]`) }},
		{`entry e1: payload "{\"url\":" is not a JSON object: write one such as {"user":"u1"}`, func(e *Entry) { e.Payload = json.RawMessage(`{"url":`) }},
		{"entry e1: payload has 65538 bytes, at most 65536 are allowed: store the data and schedule a reference to it", func(e *Entry) { e.Payload = json.RawMessage(`"` + strings.Repeat("x", MaxPayload) + `"`) }},
		{`entry e1: queue "no such": use the name of a queue, or leave it out to have the kind routed`, func(e *Entry) { e.Queue = "no such" }},
		{`entry e1: catch_up "some": use latest, none or all`, func(e *Entry) { e.CatchUp = "some" }},
		{"entry e1: catch_up_limit 1001: give 1 to 1000, or leave it out for 100", func(e *Entry) { e.CatchUp, e.CatchUpLimit = All, 1001 }},
		{`entry e1: catch_up_limit 5 has no meaning with catch_up "": set catch_up to all, or leave the limit out`, func(e *Entry) { e.CatchUpLimit = 5 }},
		{"entry e1: fresh_for -1s is negative: give how late a tick may be, such as 1h", func(e *Entry) { e.FreshFor = -time.Second }},
		{`entry e1: owner: user "u\x001" has the character U+0000: leave out what cannot be printed, such as line breaks`, func(e *Entry) { e.Owner = "u\x001" }},
		{`entry e1: origin "": use config, api or user`, func(e *Entry) { e.Origin = "" }},
	}
	for _, test := range tests {
		e := newEntry("e1", "@daily")
		test.spoil(&e)
		if err := e.Validate(t.Context()); fmt.Sprint(err) != test.want {
			t.Errorf("\n got %v\nwant %s", err, test.want)
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
	const want = "entry e1: spec \"61 * * * *\": minute \"61\" is not valid, \"61\" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5\nentry e1: kind \"No Kind\": use lower-case letters, digits and underscores, starting with a letter\nentry e1: catch_up \"some\": use latest, none or all\nentry e1: overlap \"often\": use allow or skip\nentry e1: owner: user \"a\\nb\" has the character U+000A: leave out what cannot be printed, such as line breaks"
	if fmt.Sprint(err) != want {
		t.Errorf("\n got %v\nwant %s", err, want)
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
