package mailbox

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/internal/celery/broker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// name is the node of the tests, asker the routing key of who asks in the recordings.
const (
	name  = "switchyard-01234567@host"
	asker = "8b367871-4df6-39b4-9a7b-2796c8e571a6"
)

// staged is a worker that has some tasks.
type staged struct {
	tasks       map[Stage][]Request
	fails       error
	revocations chan Revocation
}

func (w *staged) Tasks(_ context.Context, s Stage) ([]Request, error) { return w.tasks[s], w.fails }
func (w *staged) Revoked(context.Context) ([]string, error)           { return []string{"gone"}, w.fails }
func (w *staged) Revoke(_ context.Context, r Revocation) error {
	w.revocations <- r
	return w.fails
}

// rig is a node that runs, and what a test does with it.
type rig struct {
	t      *testing.T
	client redis.UniversalClient
	broker *broker.Broker
	worker *staged
	events *Events
	lines  *observer.ObservedLogs
	heard  <-chan *redis.Message // on the channels of events
	stop   func()                // stops the node and its events
}

// run runs a node and its events.
func run(t *testing.T, client redis.UniversalClient, adjust ...func(*EventOptions)) *rig {
	t.Helper()
	return runAs(t, client, client, adjust...)
}

// runAs runs a node by a client of its own.
func runAs(t *testing.T, its, client redis.UniversalClient, adjust ...func(*EventOptions)) *rig {
	t.Helper()
	core, lines := observer.New(zap.InfoLevel)
	options := EventOptions{Name: name, Version: "1.2.3", Heartbeat: time.Hour, Active: func() int { return 2 }}
	for _, a := range adjust {
		a(&options)
	}
	b := broker.New(its, broker.Names{Separator: "\x06\x16", Steps: []int{0, 3, 6, 9}, FanoutPrefix: "/{db}.", DB: broker.DB(client)}, "test:")
	r := &rig{t: t, client: client, broker: b, worker: &staged{tasks: map[Stage][]Request{}, revocations: make(chan Revocation, 10)}, lines: lines}
	r.events = NewEvents(b, options, zap.New(core))
	heard := client.PSubscribe(t.Context(), b.Fanout(eventsExchange)+"/*")
	if _, err := heard.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.heard = heard.Channel(redis.WithChannelSize(10_000))
	profile := Profile{Slots: 4, Queues: []string{"celery"}, Tasks: []Task{{"scrape_page", nil}, {"agent_scout", map[string]string{"max_retries": "2", "rate_limit": "30/m"}}}}
	node := NewNode(b, r.worker, profile, r.events, zap.New(core))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { node.Run(ctx) })
	running.Go(func() { r.events.Run(ctx) })
	r.stop = func() { cancel(); running.Wait() }
	t.Cleanup(func() { r.stop(); _ = heard.Close() })
	r.await("the node to listen", func() bool { return node.Check(ctx) == nil })
	return r
}

// await waits until something has come about.
func (r *rig) await(what string, done func() bool) {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// queueOfAsker is the queue of the asker.
const queueOfAsker = asker + ".reply.celery.pidbox"

// bind has the asker wait for answers, as kombu does.
func (r *rig) bind() {
	r.client.SAdd(r.t.Context(), "_kombu.binding.reply.celery.pidbox", asker+"\x06\x16\x06\x16"+queueOfAsker)
}

// send publishes a message to nodes.
func (r *rig) send(message string) {
	r.t.Helper()
	if err := r.client.Publish(r.t.Context(), r.broker.Fanout(control), message).Err(); err != nil {
		r.t.Fatal(err)
	}
}

// written is a command as clients write it.
func written(body string) string {
	text, _ := json.Marshal(map[string]any{
		"body": base64.StdEncoding.EncodeToString([]byte(body)), "content-encoding": "utf-8", "content-type": "application/json",
		"headers": map[string]any{"clock": 7, "expires": 0}, "properties": map[string]any{"body_encoding": "base64"},
	})
	return string(text)
}

// ask sends a command with arguments, and returns what the node answers.
func (r *rig) ask(method, arguments string) string {
	r.t.Helper()
	r.bind()
	r.send(written(`{"method": "` + method + `", "arguments": ` + arguments + `, "ticket": "t", "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "` + asker + `"}}`))
	got, err := r.client.BRPop(r.t.Context(), 20*time.Second, queueOfAsker).Result()
	if err != nil {
		r.t.Fatalf("%s is not answered: %v", method, err)
	}
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(bodyOf(r.t, got[1]), &answer); err != nil || len(answer) != 1 {
		r.t.Fatalf("%s is answered by %s: %v", method, got[1], err)
	}
	return string(answer[name])
}

// bodyOf returns what a message says.
func bodyOf(t *testing.T, message string) []byte {
	t.Helper()
	_, body, err := open(message)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// next returns the next event of a kind, or batch of them.
func (r *rig) next(kind string) (events []event) {
	r.t.Helper()
	for {
		select {
		case m := <-r.heard:
			if m.Channel != r.broker.Fanout(eventsExchange)+"/"+kind {
				continue
			}
			body := bodyOf(r.t, m.Payload)
			if body[0] != '[' {
				body = []byte("[" + string(body) + "]")
			}
			if err := json.Unmarshal(body, &events); err != nil {
				r.t.Fatal(err)
			}
			return events
		case <-time.After(20 * time.Second):
			r.t.Fatalf("nobody told of %s", kind)
		}
	}
}

// recorded returns messages of a Celery 5.2.6 client or worker, by what they are.
func recorded[T any](t *testing.T, file string) map[string]T {
	t.Helper()
	var all map[string]T
	text, err := os.ReadFile("testdata/" + file)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}
