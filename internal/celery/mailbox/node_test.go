package mailbox

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// keysOf returns the names that an object has at any depth, and the values that are the same in all
// messages of its form.
func keysOf(t *testing.T, message string) map[string]string {
	t.Helper()
	keys := map[string]string{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		object, is := v.(map[string]any)
		if !is {
			keys[at] = ""
			if slices.Contains([]string{"content-encoding", "content-type", "delivery_mode", "priority", "body_encoding", "exchange", "routing_key", "ticket"}, at[strings.LastIndex(at, "/")+1:]) {
				text, _ := json.Marshal(v)
				keys[at] = string(text)
			}
			return
		}
		for k, v := range object {
			walk(at+"/"+k, v)
		}
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(message), &m); err != nil {
		t.Fatal(err)
	}
	walk("", m)
	return keys
}

func TestAnAnswerIsWhatACeleryWorkerWrites(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := run(t, client)
		golden := recorded[string](t, "sent.json")["reply"]
		ticket := "10b5812e-ea1f-4d76-b7d4-b3fcc7beb0e1"
		r.bind()
		r.send(written(`{"method": "ping", "arguments": {}, "destination": null, "pattern": null, "matcher": null, "ticket": "` + ticket + `", "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "` + asker + `"}}`))
		got := client.BRPop(t.Context(), 20*time.Second, queueOfAsker).Val()
		if len(got) != 2 {
			t.Fatal("no answer")
		}
		if got, want := keysOf(t, got[1]), keysOf(t, golden); !maps.Equal(got, want) {
			t.Errorf("the envelope is\n%v\nwant\n%v", got, want)
		}
		if got := string(bodyOf(t, got[1])); got != `{"`+name+`":{"ok":"pong"}}` {
			t.Errorf("the answer is %s", got)
		}
	})
}

func TestNothingIsLeftForAnAskerWhoHasGone(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := run(t, client)
		r.send(recorded[sent](t, "commands.json")["ping"].Message)
		client.Set(t.Context(), queueOfAsker, "no list", 0)
		r.bind()
		r.send(written(`{"method": "clock", "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "` + asker + `"}}`))
		r.await("the line of a queue that is none", func() bool { return r.lines.FilterMessage("a command of Celery was not answered").Len() == 1 })
		client.Del(t.Context(), queueOfAsker)
		if got := r.ask("ping", "{}"); got != `{"ok":"pong"}` { // which comes after the others
			t.Errorf("ping is answered by %s", got)
		}
		if got := client.Keys(t.Context(), "*reply*").Val(); !slices.Equal(got, []string{"_kombu.binding.reply.celery.pidbox"}) {
			t.Errorf("keys %q", got)
		}
		r.send(written(`{"method": "ping", "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "` + asker + `"}}`))
		r.await("an answer", func() bool { return client.LLen(t.Context(), queueOfAsker).Val() == 1 })
		if ttl := client.TTL(t.Context(), queueOfAsker).Val(); ttl <= 0 || ttl > keepReplies {
			t.Errorf("the answer stays %s", ttl)
		}
	})
}

func TestARevocationIsObeyedAsItWasWritten(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := run(t, client)
		for what, want := range map[string]Revocation{
			"revoke":           {[]string{"f88d431d-f995-4ace-b6ff-2496d14b9b41"}, false, "SIGTERM"},
			"revoke-terminate": {[]string{"2e74c7b1-47ef-4782-b942-60c5e238026a", "b2"}, true, "SIGTERM"},
			"terminate":        {[]string{"x"}, true, "SIGKILL"},
		} {
			r.send(recorded[sent](t, "commands.json")[what].Message)
			if got := <-r.worker.revocations; !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, want %+v", what, got, want)
			}
		}
	})
}

func TestRevocationsAreAnsweredAsByCelery(t *testing.T) {
	r := run(t, redistest.Client(t, redistest.Mini(t).Addr()))
	r.worker.tasks[Active] = []Request{{ID: "runs"}}
	for arguments, want := range map[string]string{
		`{"task_id": "a"}`:                              `{"ok":"tasks a flagged as revoked"}`,
		`{"task_id": ["a", "b"], "signal": 9}`:          `{"ok":"tasks a, b flagged as revoked"}`,
		`{"task_id": ["a", "runs"], "terminate": true}`: `{"ok":"terminate: runs"}`,
		`{"task_id": "a", "terminate": true}`:           `{"ok":"terminate: tasks unknown"}`,
	} {
		if got := r.ask("revoke", arguments); got != want {
			t.Errorf("%s: %s, want %s", arguments, got, want)
		}
		<-r.worker.revocations
	}
	for arguments, word := range map[string]string{
		`{}`: "task_id has 0 ids", `{"task_id": 5}`: "task_id", `{"task_id": [""]}`: "give ids of 1 to 1000 bytes", `{"task_id": [5]}`: "task_id",
		`{"task_id": "a", "terminate": "yes"}`: "terminate", `{"task_id": "a", "signal": "rm -rf"}`: "give a name such as SIGTERM", `{"task_id": "a", "signal": []}`: "signal",
		`{"task_id": [` + strings.Repeat(`"a",`, maxIDs) + `"a"]}`: "give 1 to 10000",
	} {
		if got := r.ask("revoke", arguments); !strings.HasPrefix(got, `{"error":"revoke: `) || !strings.Contains(got, word) {
			t.Errorf("%.60s: %s", arguments, got)
		}
	}
	if len(r.worker.revocations) > 0 {
		t.Error("what cannot be read was obeyed")
	}
}

func TestWhatTheWorkerCannotTellIsSaidInTheLogAlone(t *testing.T) {
	r := run(t, redistest.Client(t, redistest.Mini(t).Addr()))
	r.worker.fails = errors.New("dial tcp 10.1.2.3:6379: refused")
	for _, command := range []string{"active", "reserved", "scheduled", "revoked"} {
		if got := r.ask(command, "{}"); got != `{"error":"`+command+` failed: the log of `+name+` says why"}` {
			t.Errorf("%s: %s", command, got)
		}
	}
	if got := r.lines.FilterMessage("a command of Celery failed").Len(); got != 4 {
		t.Errorf("%d lines", got)
	}
}

func TestWhatIsRefusedNamesWhatToDoInsteadAndIsSaidOnce(t *testing.T) {
	r := run(t, redistest.Client(t, redistest.Mini(t).Addr()))
	for range 2 {
		for command, instead := range refusals {
			if got := r.ask(command, `{"queue": "x"}`); got != `{"error":"`+command+` is not obeyed by Switchyard: `+strings.NewReplacer("<", `\u003c`, ">", `\u003e`).Replace(instead)+`"}` {
				t.Errorf("%s: %s", command, got)
			}
		}
	}
	said := r.lines.FilterMessage("a command of Celery was refused")
	if said.Len() != len(refusals) || said.All()[0].ContextMap()["asked_by"] != asker {
		t.Errorf("lines %v", said.All())
	}
	if got := r.ask("self_destruct", "{}"); got != `{"error":"KeyError('self_destruct')"}` {
		t.Errorf("an unknown command: %s", got)
	}
}

func TestANodeIsHeardAgainWhenItsConnectionWasCut(t *testing.T) {
	client := redistest.Client(t, redistest.Server(t).Addr)
	r := run(t, client)
	if n := client.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Val(); n == 0 {
		t.Fatal("no connection was cut")
	}
	r.bind()
	r.await("an answer", func() bool {
		r.send(written(`{"method": "ping", "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "` + asker + `"}}`))
		return client.LLen(t.Context(), queueOfAsker).Val() > 0
	})
}

func TestThePageOfTheDoorNamesEachCommand(t *testing.T) {
	page, err := os.ReadFile("../../../docs/celery.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range slices.Concat(slices.Collect(maps.Keys(commands)), slices.Collect(maps.Keys(refusals))) {
		if !strings.HasPrefix(command, "dump_") && !strings.Contains(string(page), "`"+command+"`") {
			t.Errorf("docs/celery.md does not say what becomes of %s", command)
		}
	}
}

func TestANodeNeedsNoMoreRightsThanThePageOfTheDoorNames(t *testing.T) {
	addr := redistest.Server(t).Addr
	all := redistest.Client(t, addr)
	url := redistest.User(t, addr, "node", "+@connection", "+subscribe", "+publish", "+eval", "+evalsha", "+sismember", "+llen", "+lpush", "+expire",
		"~_kombu.binding.reply.celery.pidbox", "~*.reply.celery.pidbox", "&/0.celery.pidbox", "&/0.celeryev/*")
	r := runAs(t, redistest.Connect(t, url), all)
	r.next("worker.online")
	if got := r.ask("ping", "{}"); got != `{"ok":"pong"}` {
		t.Errorf("ping is answered by %s", got)
	}
}
