package config

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"switchyard/internal/schedule"
)

func parseEntries(t testing.TB, text string) *EntryFile {
	t.Helper()
	f, err := ReadEntries("f.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// problemsOf returns what is wrong with a file, a line each.
func problemsOf(f *EntryFile) string {
	var lines []string
	for _, err := range f.Problems() {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}

func TestEntriesAreReadFromAFile(t *testing.T) {
	f := parseEntries(t, `
- &first
  id: one
  spec: 0 8 * * *
  zone: Europe/Berlin
  kind: scrape_page
  payload: {url: "https://example.org/", depth: 2}
  start: 2026-01-01
  end: "2027-01-01T09:00:00Z"
  max_runs: 3
  spread: -10m
  catch_up: all
  catch_up_limit: 5
  fresh_for: 0
  overlap: ~
  owner: 42
  paused: yes
- <<: *first
  id: two
  owner: ada
`)
	want := schedule.Entry{
		ID: "one", Spec: "0 8 * * *", Zone: "Europe/Berlin", Kind: "scrape_page", Payload: []byte(`{"depth":2,"url":"https://example.org/"}`),
		Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2027, 1, 1, 9, 0, 0, 0, time.UTC), MaxRuns: 3,
		Spread: -10 * time.Minute, CatchUp: schedule.All, CatchUpLimit: 5, Owner: "42", Paused: true, Origin: schedule.OriginAPI,
	}
	second := want
	second.ID, second.Owner = "two", "ada"
	if got := f.Good(); problemsOf(f) != "" || f.Len() != 2 || fmt.Sprint(got) != fmt.Sprint([]schedule.Entry{want, second}) {
		t.Errorf("got %+v, problems %q; want %+v and %+v", got, problemsOf(f), want, second)
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "[]"} {
		if f := parseEntries(t, empty); f.Len() != 0 || problemsOf(f) != "" {
			t.Errorf("%q has %d entries, problems %q", empty, f.Len(), problemsOf(f))
		}
	}
	if _, err := ReadEntries("f.yaml", iotest.ErrReader(errors.New("broken"))); err == nil || err.Error() != "read f.yaml: broken" {
		t.Errorf("error %v", err)
	}
}

func TestEverythingWrongInAFileIsToldWithItsLine(t *testing.T) {
	const names = "use catch_up, catch_up_limit, cron, end, expires, fresh_for, id, kind, max_runs, overlap, owner, paused, payload, queue, spec, spread, start, zone"
	for text, want := range map[string]string{
		"- id: one\n  spec: [\n":       `f.yaml:2: this is not YAML: did not find expected node content`,
		"- id: one\n  spec: a: b\n":    `f.yaml:2: this is not YAML: mapping values are not allowed in this context`,
		"- *x\n":                       `f.yaml: this is not YAML: unknown anchor 'x' referenced`,
		"a: {spec: x}\n":               `f.yaml:1: this is a mapping, and a list of entries is wanted: begin each entry with "- id: "`,
		"hello\n":                      `f.yaml:1: this is "hello", and a list of entries is wanted: begin each entry with "- id: "`,
		"- id: one\n---\n- id: two\n":  `f.yaml:2: a second document begins here: put all entries into one list`,
		"- id: one\n- two\n- [3]\n-\n": "f.yaml:2: this is \"two\", and an entry is wanted: give id, spec and kind\nf.yaml:3: this is a list, and an entry is wanted: give id, spec and kind\nf.yaml:4: this is empty, and an entry is wanted: give id, spec and kind",
		"- spce: x\n  id: one\n":       `f.yaml:1: entry one: unknown field "spce": ` + names,
		"- spce: x\n":                  `f.yaml:1: entry without an id: unknown field "spce": ` + names,
		"- id: one\n  [a]: x\n":        `f.yaml:2: entry one: a list stands where the name of a field is wanted: ` + names,
		"- id: one\n  id: two\n":       `f.yaml:2: entry one: field id is given twice: keep one of them`,
		"- id: one\n  max_runs: many\n  paused: perhaps": "f.yaml:2: entry one: max_runs \"many\": give a whole number, such as 3\nf.yaml:3: entry one: paused \"perhaps\": give true or false",
		"- id: one\n  catch_up_limit: [1]\n":             `f.yaml:2: entry one: catch_up_limit is a list: give a whole number, such as 3`,
		"- id: one\n  max_runs: 99999999999999999999\n":  `f.yaml:2: entry one: max_runs "99999999999999999999": give a whole number, such as 3`,
		"- id: one\n  start: tomorrow\n":                 `f.yaml:2: entry one: start "tomorrow": give a time, such as 2030-06-01T09:00:00Z`,
		"- id: one\n  spread: 10\n":                      `f.yaml:2: entry one: spread "10": give a duration with its unit, such as 10m`,
		"- id: one\n  fresh_for: {h: 3}\n":               `f.yaml:2: entry one: fresh_for is a mapping: give a duration with its unit, such as 10m`,
		"- id: one\n  spec: [a]\n":                       `f.yaml:2: entry one: spec is a list: give text, such as "0 8 * * *"`,
		"- id: one\n  payload: text\n":                   `f.yaml:2: entry one: payload "text": give an object, such as {user: ada}`,
		"- id: one\n  payload: {a: 1, a: 2}\n":           `f.yaml:2: entry one: payload has the key "a" twice, in lines 2 and 2: keep one of them`,
		"- id: one\n  payload: &p {a: *p}\n":             `f.yaml:2: entry one: payload cannot be read: use text for its keys, and no alias of what contains it`,
		"- id: one\n  payload: {a: {[b]: 1}}\n":          `f.yaml:2: entry one: payload cannot be read: use text for its keys, and no alias of what contains it`,
		"- id: one\n  payload: {a: {1: 1}}\n":            `f.yaml:1: entry one: payload cannot be JSON: use text for its keys, and neither .nan nor .inf`,
		"- id: one\n  payload: {a: .nan}\n":              `f.yaml:1: entry one: payload cannot be JSON: use text for its keys, and neither .nan nor .inf`,
		"- id: one\n- id: two\n- id: one\n- id: one\n":   "f.yaml:3: entry one is given twice, the first time in line 1: keep one of them\nf.yaml:4: entry one is given twice, the first time in line 1: keep one of them",
		"- &a\n  id: one\n  <<: *a\n":                    ``,
	} {
		if got := problemsOf(parseEntries(t, text)); got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestChecksAndRefusalsAreToldWithTheirLines(t *testing.T) {
	f := parseEntries(t, "- id: one\n- id: two\n- id: three\n  max_runs: x\n- id: four\n  colour: red\n- id: five\n- id: five\n- id: six\n")
	var checked []string
	f.Check(func(e schedule.Entry) error {
		checked = append(checked, e.ID)
		if e.ID == "two" || e.ID == "four" {
			return fmt.Errorf("entry %s: no", e.ID)
		}
		return nil
	})
	if want := []string{"one", "two", "four", "five", "five", "six"}; !slices.Equal(checked, want) {
		t.Errorf("checked %v, want %v: of three a field cannot be read", checked, want)
	}
	var good []string
	for _, e := range f.Good() {
		good = append(good, e.ID)
	}
	if !slices.Equal(good, []string{"one", "six"}) || f.Len() != 7 {
		t.Errorf("good are %v of %d", good, f.Len())
	}
	away := errors.New("redis is away")
	if err := f.Refuse(away); !errors.Is(err, away) {
		t.Errorf("got %v: an error that is about no entry was taken for a refusal", err)
	}
	if err := f.Refuse(nil); err != nil {
		t.Error(err)
	}
	if err := f.Refuse(errors.Join(&schedule.RefusedError{ID: "six", Err: errors.New("entry six is taken")})); err != nil {
		t.Error(err)
	}
	const want = `f.yaml:2: entry two: no
f.yaml:4: entry three: max_runs "x": give a whole number, such as 3
f.yaml:5: entry four: no
f.yaml:6: entry four: unknown field "colour": use catch_up, catch_up_limit, cron, end, expires, fresh_for, id, kind, max_runs, overlap, owner, paused, payload, queue, spec, spread, start, zone
f.yaml:8: entry five is given twice, the first time in line 7: keep one of them
f.yaml:9: entry six is taken`
	if got := problemsOf(f); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// FuzzReadEntries checks that no file makes reading fail, and that no error speaks of Go.
func FuzzReadEntries(f *testing.F) {
	for _, text := range []string{"- id: one\n  spec: '@daily'\n", "- &a {<<: [*a, {id: b}], payload: {x: *a}}", "---\n- !!binary x\n---\n", "- {? [a] : b, max_runs: 0x1F, start: 2026-01-01}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		file := parseEntries(t, text)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("%d bytes are allocated for a file of %d", used, len(text))
		}
		if len(file.Good()) > file.Len() {
			t.Errorf("%d of %d entries are good", len(file.Good()), file.Len())
		}
		for _, word := range []string{"!!str", "unmarshal", "map[", "interface", "main.", "config."} {
			if problems := problemsOf(file); strings.Contains(problems, word) && !strings.Contains(text, word) {
				t.Errorf("%q: %s", text, problems)
			}
		}
	})
}
