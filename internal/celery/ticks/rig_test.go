package ticks

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"switchyard/internal/celery/broker"
	"switchyard/internal/celery/wire"
	"switchyard/internal/queue"
	"switchyard/internal/tasks"
	"switchyard/test/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var firstTick = time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)

// tickOf returns the nth tick of an entry, one second after the one before.
func tickOf(entry, kind string, n int) tasks.Tick {
	at := firstTick.Add(time.Duration(n) * time.Second)
	return tasks.Tick{Entry: entry, At: at, ID: entry + "@" + at.Format("20060102T150405Z"), Kind: kind, Payload: []byte(`{}`)}
}

// kinds are those that Celery performs in these tests.
var kinds = map[string]Kind{
	"cleanup": {Task: "app.tasks.cleanup", Args: []string{"days", "dry"}, Queue: "house"},
	"report":  {Task: "report", Queue: "Reports.High", Priority: 6},
}

// rig is a broker of Celery, which has the results too, and beside it a queue of ours.
type rig struct {
	t      *testing.T
	redis  redis.UniversalClient // Celery's
	sender *Sender
	ours   *queuetest.Rig
	queue  *Queue
}

func newRig(t *testing.T, celery, ours redis.UniversalClient) *rig {
	t.Helper()
	names := broker.Names{Separator: "\x06\x16", Steps: []int{0, 3, 6, 9}}
	sender := NewSender(Options{
		Broker: broker.New(celery, names, "switchyard:"), Backend: celery, Kinds: kinds, Prefix: "switchyard:", Log: zap.NewNop(),
	})
	t.Cleanup(sender.Close)
	r := queuetest.New(t, ours, []string{"default"}, nil, queuetest.Handlers{"note": queuetest.Nothing})
	client := queue.NewClient(ours, r.Table, r.Catalog, []string{"default"}, noop.NewTracerProvider())
	r.Client = client
	return &rig{t, celery, sender, r, NewQueue(client, sender)}
}

// send sends ticks and returns what became of each: sent, again, or its error.
func (r *rig) send(ticks ...tasks.Tick) []string {
	r.t.Helper()
	var became []string
	for _, result := range r.sender.EnqueueTicks(r.t.Context(), ticks, time.Now().Add(time.Hour)) {
		switch {
		case result.Err != nil:
			became = append(became, result.Err.Error())
		case result.Receipt.Duplicate:
			became = append(became, "again")
		default:
			became = append(became, "sent")
		}
	}
	return became
}

func (r *rig) want(want []string, ticks ...tasks.Tick) {
	r.t.Helper()
	if got := r.send(ticks...); !slices.Equal(got, want) {
		r.t.Errorf("became %q, want %q", got, want)
	}
}

// messages returns what is in a list, the oldest first.
func (r *rig) messages(list string) []wire.Message {
	r.t.Helper()
	var all []wire.Message
	for _, text := range r.redis.LRange(r.t.Context(), list, 0, -1).Val() {
		m, err := wire.Decode([]byte(text), 1<<20, time.Now())
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, m)
	}
	slices.Reverse(all)
	return all
}

func words(m wire.Message) string {
	args := ""
	for _, arg := range m.Args {
		args += string(arg) + " "
	}
	return m.Task + " " + cmp.Or(args, "- ") + string(m.Kwargs)
}
