package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

type greet struct {
	Name  string `json:"name"`
	Times int    `json:"times,omitempty"`
}

func (greet) Kind() string { return "greet" }

func (g greet) Validate() error {
	if g.Name == "" {
		return errors.New(`field "name" is empty: give a name`)
	}
	return nil
}

func TestAPayloadThatIsNotOneValidObjectIsRefusedInWords(t *testing.T) {
	for payload, want := range map[string]string{
		``:                          `field "name" is empty: give a name`,
		`{}`:                        `field "name" is empty: give a name`,
		`{"name":`:                  "payload is not JSON: it ends too early",
		`{name:1}`:                  "payload is not JSON: invalid character 'n' looking for beginning of object key string at byte 2",
		`[]`:                        "payload is a JSON array: send an object",
		`"x"`:                       "payload is a JSON string: send an object",
		`{"name":1}`:                `field "name" is a number: it must be a string`,
		`{"name":"a","nmae":"b"}`:   `unknown field "nmae": remove it or check its spelling`,
		`{"name":"a"} {"name":"b"}`: "payload: data follows the JSON object: send one object",
		"\xff\xfe":                  "payload is not JSON: invalid character 'ÿ' looking for beginning of value at byte 1",
	} {
		_, err := Decode[greet]([]byte(payload))
		if fmt.Sprint(err) != want {
			t.Errorf("%s: error %v, want %q", payload, err, want)
		}
	}
	if g, err := Decode[greet]([]byte(` {"name":"ada","times":2} `)); err != nil || g != (greet{"ada", 2}) {
		t.Errorf("Decode = %+v, %v", g, err)
	}
}

func TestAnErrorIsSearchedForABoundedTextThatCanBeSeen(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "<nil>",
		"Zeit über":              "<nil>",
		strings.Repeat("a", 200): "<nil>",
		strings.Repeat("a", 201): `error "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"… has 201 bytes: give a part of at most 200`,
		"a\nb":                   `error "a\nb" has a control character, or is not UTF-8: give a part without`,
		"\xff":                   `error "\xff" has a control character, or is not UTF-8: give a part without`,
	} {
		if err := (Filter{Error: text}).Check(); fmt.Sprint(err) != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if !(Filter{Error: "ZEIT ÜB"}).Matches(Status{LastError: "die Zeit überschritten"}) {
		t.Error("letters of another case are told apart")
	}
}

func TestArgsAreValidatedBeforeTheyAreSent(t *testing.T) {
	if _, err := Encode(greet{}); fmt.Sprint(err) != `greet: field "name" is empty: give a name` {
		t.Errorf("Encode = %v", err)
	}
	if payload, err := Encode(Raw{Name: "greet"}); string(payload) != "{}" || err != nil {
		t.Errorf("an empty raw payload is %s, %v", payload, err)
	}
	if _, err := Encode(Raw{Name: "greet", Payload: json.RawMessage(`{`)}); fmt.Sprint(err) != "greet: payload is not JSON: unexpected end of JSON input" {
		t.Errorf("a raw payload that is not JSON: %v", err)
	}
}

func TestACatalogKnowsItsKindsAndTheirLimits(t *testing.T) {
	d := Define("greet", 1, func(_ context.Context, _ *Task, g greet) (any, error) { return "hello " + g.Name, nil })
	c, err := NewCatalog(64, d.Kind)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewCatalog(0, d.Kind, d.Kind); fmt.Sprint(err) != `kind "greet" is defined twice` {
		t.Errorf("a kind defined twice: %v", err)
	}
	if _, err := c.Check("greet", []byte(`{"name":"`+strings.Repeat("x", 64)+`"}`)); fmt.Sprint(err) != "greet: payload has 75 bytes, at most 64 are allowed: store the data and send a reference" {
		t.Errorf("too large: %v", err)
	}
	if _, err := c.Check("wave", nil); fmt.Sprint(err) != `kind "wave" is unknown: known are greet` {
		t.Errorf("unknown: %v", err)
	}
	value, err := d.Handle(t.Context(), &Task{Payload: []byte(`{"name":"ada"}`)})
	if value != "hello ada" || err != nil {
		t.Errorf("Handle = %v, %v", value, err)
	}
	if _, err := d.Handle(t.Context(), &Task{Payload: []byte(`{}`)}); !IsPermanent(err) {
		t.Errorf("a bad payload is retried: %v", err)
	}
}

func TestOutcomesAreSeenThroughWrapping(t *testing.T) {
	boom := errors.New("boom")
	wrap := func(err error) error { return fmt.Errorf("outer: %w", err) }
	if !IsPermanent(wrap(Permanent(boom))) || IsPermanent(boom) || Permanent(nil) != nil {
		t.Error("Permanent")
	}
	if d, ok := RetryDelay(wrap(RetryAfter(time.Minute, boom))); !ok || d != time.Minute {
		t.Error("RetryAfter")
	}
	if !IsParked(wrap(Parked("brake"))) || IsParked(boom) {
		t.Error("Parked")
	}
	if !errors.Is(Permanent(boom), boom) || !errors.Is(RetryAfter(0, boom), boom) {
		t.Error("the cause is lost")
	}
}

func TestDelaysDoubleUpToAnHourWithAFifthOfJitter(t *testing.T) {
	p := Policy{RetryDelay: 30 * time.Second}
	for failures, want := range map[int]time.Duration{1: 30 * time.Second, 2: time.Minute, 3: 2 * time.Minute, 8: time.Hour, 1000: time.Hour} {
		low, high := time.Duration(1<<62), time.Duration(0)
		for range 200 {
			d := p.Delay(failures)
			low, high = min(low, d), max(high, d)
		}
		if low < want || high > want+want/5 || low == high {
			t.Errorf("after %d failures %s to %s, want %s plus up to a fifth", failures, low, high, want)
		}
	}
	if d := (Policy{}).Delay(3); d != 0 {
		t.Errorf("no delay became %s", d)
	}
}

func TestIDsThatCouldEscapeAreRefused(t *testing.T) {
	for _, id := range []string{"", "..", "../x", "a/b", "a b", "a\n", "*", "{x}", strings.Repeat("a", 301)} {
		if CheckID(id) == nil {
			t.Errorf("task ID %.20q accepted", id)
		}
	}
	for _, id := range []string{"ada", "ada@example.org", "a+b", "7", "A.b_c-d"} {
		if err := CheckID(id); err != nil {
			t.Error(err)
		}
	}
}

func TestAUserHasAnyIDThatCanBePrinted(t *testing.T) {
	for id, why := range map[string]string{
		"":                       `field "user" is empty: give a user id`,
		"*":                      `user "*" stands for everyone: give the id of one user`,
		"a\n":                    `user "a\n" has the character U+000A: leave out what cannot be printed, such as line breaks`,
		"a\x00b":                 `user "a\x00b" has the character U+0000: leave out what cannot be printed, such as line breaks`,
		"a\u202eb":               `user "a\u202eb" has the character U+202E: leave out what cannot be printed, such as line breaks`,
		"\xff":                   `user "\xff" is not UTF-8: give its id in UTF-8`,
		strings.Repeat("ä", 201): `user "` + strings.Repeat("ä", 20) + `"… has 201 characters: at most 200 are allowed`,
	} {
		if err := CheckUser(id); err == nil || err.Error() != why {
			t.Errorf("user %.20q: %v, want %s", id, err, why)
		}
	}
	files := map[string]string{}
	for id, key := range map[string]string{
		"ada@example.org": "ada@example.org", "auth0|64af": "auth0%7C64af", "user:1": "user%3A1", "a b": "a%20b", "a/b": "a%2Fb", "{x}": "%7Bx%7D",
		"ä": "%C3%A4", "%41": "%2541", "A": "A", ".": "%2E", "..": "%2E%2E", "../x": "..%2Fx", "a*": "a%2A", strings.Repeat("雪", 200): strings.Repeat("%E9%9B%AA", 200),
		strings.Repeat("雪", 199) + "雨": strings.Repeat("%E9%9B%AA", 199) + "%E9%9B%A8",
	} {
		if err := CheckUser(id); err != nil {
			t.Error(err)
		}
		if got := UserKey(id); got != key || UserOfKey(got) != id {
			t.Errorf("key of %.20q is %q, of which the user is %q", id, got, UserOfKey(got))
		}
		file := UserFile(id)
		if len(file) > maxFileName || strings.Contains(file, "/") || files[file] != "" {
			t.Errorf("file of %.20q is %q, as of %.20q", id, file, files[file])
		}
		files[file] = id
	}
}

func FuzzDecodeAcceptsOnlyWhatItCanGiveBack(f *testing.F) {
	f.Add([]byte(`{"name":"ada","times":3}`))
	f.Add([]byte(`{"name":"\ud800"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		g, err := Decode[greet](payload)
		if err != nil {
			return
		}
		again, err := Encode(g)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := Decode[greet](again); err != nil || same != g {
			t.Fatalf("%q -> %+v -> %s -> %+v, %v", payload, g, again, same, err)
		}
	})
}
