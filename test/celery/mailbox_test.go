package celery

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"switchyard/internal/celery/broker"
	"switchyard/internal/celery/mailbox"
	"switchyard/test/redistest"
)

// node is the name of the node that the judge talks to.
const node = "switchyard-01234567@host"

// actor is a worker that tells of tasks once it is asked to revoke one.
type actor struct{ events *mailbox.Events }

func (a *actor) Tasks(_ context.Context, s mailbox.Stage) ([]mailbox.Request, error) {
	all := map[mailbox.Stage]mailbox.Request{
		mailbox.Active:    {ID: "runs", Name: "scrape_page", Args: json.RawMessage(`["ü"]`), Started: time.Now(), Queue: "celery"},
		mailbox.Reserved:  {ID: "next", Name: "scrape_page"},
		mailbox.Scheduled: {ID: "later", Name: "scrape_page", ETA: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)},
	}
	return []mailbox.Request{all[s]}, nil
}

func (a *actor) Revoked(context.Context) ([]string, error) { return []string{"gone"}, nil }

func (a *actor) Revoke(_ context.Context, r mailbox.Revocation) error {
	if r.IDs[0] != "tell" {
		return nil
	}
	for _, id := range []string{"good", "bad", "again", "unwanted"} {
		a.events.Received(mailbox.Received{ID: id, Name: "scrape_page", Args: "('ü',)", Kwargs: "{}", Root: id})
		a.events.Started(id, "scrape_page")
	}
	a.events.Succeeded("good", "'done'", 1500*time.Millisecond)
	a.events.Failed("bad", "ValueError('no')", "Traceback ...")
	a.events.Retried("again", "ValueError('not yet')", "Traceback ...")
	a.events.Revoked("unwanted", true, false)
	return nil
}

// serve runs a node on a Redis until the test ends.
func serve(t *testing.T, addr, prefix string) {
	t.Helper()
	client := redistest.Client(t, addr)
	b := broker.New(client, broker.Names{KeyPrefix: prefix, Separator: "\x06\x16", Steps: []int{0, 3, 6, 9}, FanoutPrefix: "/{db}.", DB: broker.DB(client)}, "test:")
	log := zaptest.NewLogger(t)
	options := mailbox.EventOptions{Name: node, Version: "1.2.3", Heartbeat: 2 * time.Second, Active: func() int { return 1 }}
	a := &actor{mailbox.NewEvents(b, options, log)}
	profile := mailbox.Profile{Slots: 4, Queues: []string{"celery"}, Tasks: []mailbox.Task{{Name: "scrape_page", Attributes: map[string]string{"max_retries": "3"}}}}
	n := mailbox.NewNode(b, a, profile, a.events, log)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { a.events.Run(ctx) })
	running.Go(func() { n.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	for n.Check(ctx) != nil {
		time.Sleep(5 * time.Millisecond)
	}
}

// ofNode is the answer of the node alone.
type ofNode map[string]json.RawMessage

// answers are what a judge says, by the call.
type answers struct {
	all map[string]json.RawMessage
	t   *testing.T
}

// want compares what the node answered to a call.
func (a answers) want(call, want string) {
	a.t.Helper()
	var one ofNode
	var many []ofNode
	if json.Unmarshal(a.all[call], &one) != nil {
		if err := json.Unmarshal(a.all[call], &many); err != nil || len(many) != 1 {
			a.t.Errorf("%s: %s: %v", call, a.all[call], err)
			return
		}
		one = many[0]
	}
	if got := string(one[node]); got != want || len(one) != 1 {
		a.t.Errorf("%s: %s, want %s", call, a.all[call], want)
	}
}
