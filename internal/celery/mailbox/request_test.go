package mailbox

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/test/redistest"
)

// sent is a recorded command: a client of Celery published it.
type sent struct{ Channel, Message string }

func TestRecordedCommandsAreMeantForTheNodesThatTheirSenderNamed(t *testing.T) {
	const other = "celery@host"
	for what, want := range map[string]struct {
		method       string
		ours, theirs bool
		answered     bool
	}{
		"ping": {"ping", true, true, true}, "active": {"active", true, true, true}, "active-safe": {"active", true, true, true},
		"registered": {"registered", true, true, true}, "revoke": {"revoke", true, true, false}, "revoke-terminate": {"revoke", true, true, false},
		"terminate": {"terminate", true, true, false}, "hello": {"hello", true, true, true}, "destination": {"ping", true, false, true},
		"pattern": {"ping", true, false, true}, "pcre": {"ping", true, false, true}, "shutdown": {"shutdown", true, true, false},
		"heartbeat": {"heartbeat", true, true, false}, "enable_events": {"enable_events", true, true, false},
	} {
		s := recorded[sent](t, "commands.json")[what]
		r, err := readRequest(s.Message)
		if err != nil || r.Method != want.method || (r.ReplyTo != nil) != want.answered || r.clock < 1 || s.Channel != "/0.celery.pidbox" {
			t.Errorf("%s: %+v, %v", what, r, err)
		}
		for node, want := range map[string]bool{name: want.ours, other: want.theirs} {
			if got, err := r.addresses(node); err != nil || got != want {
				t.Errorf("%s: meant for %s: %v, %v; want %v", what, node, got, err, want)
			}
		}
	}
}

func TestPatternsMatchAsInPython(t *testing.T) {
	for _, c := range []struct {
		pattern, matcher string
		want             bool
	}{
		{"switchyard-*", "glob", true}, {"switchyard", "glob", false}, {"*@hos?", "glob", true}, {"*[t]", "glob", true}, {"*[!t]", "glob", false},
		{"*[]t]", "glob", true}, {"*[", "glob", false}, {"switchyard-[0-9]*", "glob", true}, {`switchyard\-*`, "glob", false}, {"*.host", "glob", false},
		{"(", "glob", false}, {"switch", "pcre", true}, {"host", "pcre", false}, {".*@host$", "pcre", true}, {"a|switch", "pcre", true},
	} {
		if got, err := matches(name, c.pattern, c.matcher); err != nil || got != c.want {
			t.Errorf("%s %s: %v, %v", c.matcher, c.pattern, got, err)
		}
	}
	if ok, err := matches("ä@h", "?@h", "glob"); !ok || err != nil {
		t.Errorf("one character of two bytes: %v, %v", ok, err)
	}
	for pattern, matcher := range map[string]string{"(?=x)": "pcre", "x": "regex", strings.Repeat("a", maxPattern+1): "glob", "[z-a]": "glob"} {
		if _, err := matches(name, pattern, matcher); err == nil {
			t.Errorf("%s %.20s is no error", matcher, pattern)
		}
	}
}

// hostile are messages on the channel of control that no client of Celery writes.
var hostile = []string{
	"", "null", "[]", "{}", "\xff\x00", `{"body": 1}`, `{"body": "!", "content-type": "application/json", "properties": {"body_encoding": "base64"}}`,
	strings.Repeat("[", 100_000), strings.Repeat("x", maxMessage+1),
	written(`null`), written(`[]`), written(`{"method": ["ping"]}`), written(`{"method": ""}`), written(`{"method": "` + strings.Repeat("x", 101) + `"}`),
	written(`{"method": "ping", "arguments": []}`), written(`{"method": "ping", "destination": 5}`), written(`{"method": "ping", "destination": [5]}`),
	written(`{"method": "ping", "pattern": "(", "matcher": "pcre"}`), written(`{"method": "ping", "reply_to": "me"}`),
	written(`{"method": "ping", "reply_to": {"exchange": "asynq", "routing_key": "x"}}`), written(`{"method": "ping", "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": ""}}`),
	written(`{"method": "ping", "ticket": "` + strings.Repeat("t", 200) + `"}`),
	`{"body": "e30=", "content-type": "application/json", "headers": {"clock": "x"}}`, `{"body": "e30=", "content-type": "application/json", "headers": {"clock": 1e300}}`,
	`{"body": "gAN9cQAu", "content-type": "application/x-python-serialize", "properties": {"body_encoding": "base64"}}`,
	`{"body": "gAN9cQAu", "content-type": "application/x-python-serialize", "properties": {"body_encoding": "base64"}}`,
}

func TestHostileMessagesStopNoOthers(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := run(t, client)
		for _, message := range hostile {
			r.send(message)
		}
		if got := r.ask("ping", "{}"); got != `{"ok":"pong"}` {
			t.Errorf("ping is answered by %s", got)
		}
		if got := r.lines.FilterMessage("a command of Celery was not obeyed").Len(); got != 1 || r.lines.FilterLevelExact(zap.WarnLevel).Len() != 1 {
			t.Errorf("lines %v", r.lines.All())
		}
	})
}

func TestAClockStaysBelowWhatNobodyCanCountTo(t *testing.T) {
	var c clock
	for _, heard := range []float64{-1, 1e300, latestHeard * 2} {
		c.hear(heard)
	}
	c.hear(41)
	if got := c.next(); got != 43 {
		t.Errorf("the next number is %d, want 43", got)
	}
}
