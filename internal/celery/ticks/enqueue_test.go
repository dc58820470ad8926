package ticks

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestATickBecomesAMessageInTheListOfItsTask(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, client)
		tick := tickOf("nightly", "cleanup", 0)
		tick.Payload, tick.Expires = []byte(` {"where": {"b": 1e400, "a": "ü<"}, "dry": true, "days": 12345678901234567890} `), firstTick.Add(time.Minute)
		elsewhere := tickOf("other", "cleanup", 0)
		elsewhere.Queue, elsewhere.Payload = "Haus.Ü", nil
		results := r.sender.EnqueueTicks(t.Context(), []tasks.Tick{tick, elsewhere, tickOf("monthly", "report", 0)}, time.Now().Add(time.Hour))
		id := uuid.NewSHA1(uuid.NameSpaceURL, []byte("switchyard:nightly@20260101T080000Z")).String()
		if want := (tasks.Receipt{ID: id, Kind: "cleanup", Queue: "celery:house"}); results[0].Receipt != want || results[0].Err != nil {
			t.Errorf("receipt %+v, want %+v", results[0], want)
		}
		m := r.messages("house")[0]
		if got, want := words(m), `app.tasks.cleanup 12345678901234567890 true {"where":{"b":1e400,"a":"ü\u003c"}}`; got != want {
			t.Errorf("message %s, want %s", got, want)
		}
		if m.Protocol != 2 || m.ID != id || m.Root != id || !m.Expires.Equal(tick.Expires) || !m.ETA.IsZero() || m.Priority != 0 || m.RoutingKey != "house" || !strings.HasPrefix(m.Origin, "switchyard") {
			t.Errorf("message %+v", m)
		}
		if got := words(r.messages("Haus.Ü")[0]); got != "app.tasks.cleanup - {}" {
			t.Errorf("message %s in the queue of its entry", got)
		}
		if m := r.messages("Reports.High\x06\x166")[0]; m.Priority != 6 || m.DeliveryTag == "" || m.DeliveryTag == r.messages("house")[0].DeliveryTag {
			t.Errorf("message %+v", m)
		}
	})
}

func TestATickIsSentOnceWhateverBecameOfItsMessage(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, client)
		r.want([]string{"sent", "sent", "sent"}, tickOf("e", "cleanup", 0), tickOf("e", "cleanup", 1), tickOf("other", "cleanup", 0))
		client.Del(t.Context(), "house") // performed
		r.want([]string{"again", "again", "sent", "again"}, tickOf("e", "cleanup", 0), tickOf("e", "cleanup", 1), tickOf("e", "cleanup", 2), tickOf("other", "cleanup", 0))
		r.want([]string{"again"}, tickOf("e", "report", 2)) // its kind has changed meanwhile
		if n := len(r.messages("house")); n != 1 {
			t.Errorf("%d messages wait, want the one of the third tick", n)
		}
	})
}

func TestManyTicksAreSentInTheirOrder(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, client)
		var ticks []tasks.Tick
		for n := range 2*atOnce + 1 {
			ticks = append(ticks, tickOf("e", "cleanup", n))
		}
		for i, became := range r.send(ticks...) {
			if became != "sent" {
				t.Fatalf("tick %d: %s", i, became)
			}
		}
		for i, m := range r.messages("house") {
			if want := r.sender.id(ticks[i].ID); m.ID != want {
				t.Fatalf("message %d is %s, want %s", i, m.ID, want)
			}
		}
	})
}

func TestNothingIsSentOnceItIsTooLate(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, client)
		now := client.Time(t.Context()).Val()
		results := r.sender.EnqueueTicks(t.Context(), []tasks.Tick{tickOf("e", "cleanup", 0)}, now)
		if !errors.Is(results[0].Err, tasks.ErrTooLate) {
			t.Errorf("error %v, want ErrTooLate", results[0].Err)
		}
		r.want([]string{"sent"}, tickOf("e", "cleanup", 0))
	})
}

func TestATickThatCannotBeSentIsInNobodysWay(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, client)
		client.Set(t.Context(), "Reports.High\x06\x166", "no list", 0)
		gap, text := tickOf("gap", "cleanup", 0), tickOf("text", "cleanup", 0)
		gap.Payload, text.Payload = []byte(`{"dry": true}`), []byte(`"x"`)
		results := r.sender.EnqueueTicks(t.Context(), []tasks.Tick{gap, tickOf("odd", "report", 0), text, tickOf("good", "cleanup", 0)}, time.Now().Add(time.Hour))
		for i, want := range []string{
			`cleanup: payload: has the positional argument "dry", and not "days" before it: give all that come before, or leave it out`,
			"send to the list Reports.High\x06\x166 of Celery: out of reach: key Reports.High\x06\x166 is a string and no list: rename or delete it",
			`cleanup: payload: "\"x\"" is not a JSON object: write one such as {"user":"u1"}`,
			"<nil>",
		} {
			err := results[i].Err
			if fmt.Sprint(err) != want || tasks.IsPermanent(err) != (i%2 == 0 && i < 3) || errors.Is(err, tasks.ErrElsewhere) != (i == 1) {
				t.Errorf("tick %d: %v, want %s", i, err, want)
			}
		}
		client.Del(t.Context(), "Reports.High\x06\x166")
		r.want([]string{"sent"}, tickOf("odd", "report", 0))
	})
}

func TestALedgerThatIsNoneStopsWhatItWouldHaveToRefuse(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, client)
		client.Set(t.Context(), r.sender.ledger, "odd", 0)
		became := r.send(tickOf("e", "cleanup", 0))
		if len(r.messages("house")) != 0 || !strings.Contains(became[0], "key switchyard:celery:ticks is a string and no hash: rename or delete it") {
			t.Errorf("became %q", became)
		}
		client.Del(t.Context(), r.sender.ledger)
		client.HSet(t.Context(), r.sender.ledger, "e", "no number")
		r.want([]string{"sent"}, tickOf("e", "cleanup", 0))
	})
}

func TestATaskIsSentByHandAsOftenAsItsNameIsNew(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, client)
		r.want([]string{"sent"}, tickOf("e", "cleanup", 0))
		for _, name := range []string{"e@run-1", "e@run-2", "e@run-1"} {
			got, err := r.queue.Enqueue(t.Context(), tasks.Raw{Name: "cleanup", Payload: []byte(`{"days":3}`)}, tasks.Options{ID: name})
			if want := (tasks.Receipt{ID: r.sender.id(name), Kind: "cleanup", Queue: "celery:house"}); err != nil || got != want {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		var said []string
		for _, m := range r.messages("house") {
			said = append(said, words(m))
		}
		if want := []string{"app.tasks.cleanup - {}", "app.tasks.cleanup 3 {}", "app.tasks.cleanup 3 {}"}; !slices.Equal(said, want) {
			t.Errorf("messages %q, want %q", said, want)
		}
	})
}
