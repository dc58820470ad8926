package console

import (
	"context"
	"crypto/sha1" //nolint:gosec // the journal's sum
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/control"
	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

const (
	scaleUsers     = 10_000
	scaleDecisions = 200
	// scaleAge is how long ago the first of all tasks was sent.
	scaleAge = 7 * 24 * time.Hour
	// scaleRare is in the error of one task, and scaleNever in none.
	scaleRare, scaleNever = "the certificate of example.org has expired", "no error has these words"
)

// scaleKinds are the kinds of ten tasks, and their queues.
var scaleKinds = [10]struct{ kind, queue string }{
	{"agent_write", "agents"}, {"agent_read", "agents"}, {"briefing_write", "briefings"}, {"scrape_page", "scraping"}, {"scrape_page", "scraping"},
	{"scrape_page", "scraping"}, {"scrape_feed", "scraping"}, {"report", "default"}, {"report", "default"}, {"count", "default"},
}

// scaleTask is one of many tasks.
type scaleTask struct {
	n                 int
	id, kind, queue   string
	user, tags, error string
	state, ending     string // as asynq has it, and as we do beside it
	parked            bool
	created           time.Time
}

// scaleNth returns the nth of many tasks. Of a hundred 30 wait, 10 are scheduled, 9 are retried, 1 is
// parked, 4 are dead and 46 have succeeded.
func scaleNth(n, many int, now time.Time) scaleTask {
	at := n / 10 % 100
	t := scaleTask{
		n: n, id: fmt.Sprintf("%08x-7c1e-4a52-9d3b-%012x", uint32(n)*2654435761, n), kind: scaleKinds[n%10].kind, queue: scaleKinds[n%10].queue,
		user: "u" + strconv.Itoa(n/7%scaleUsers), created: now.Add(-scaleAge + time.Duration(float64(scaleAge)*float64(n)/float64(many))).Truncate(time.Microsecond),
	}
	switch {
	case at < 30:
		t.state = "pending"
	case at < 40:
		t.state = "scheduled"
	case at < 50:
		t.state, t.parked = "retry", at == 49
		t.error = fmt.Sprintf("ask https://service%d.example.org/v2/items: 503 Service Unavailable: try again later (request %d)", n%50, n)
	case at < 54:
		t.state, t.error = "archived", fmt.Sprintf("page %d of example%d.org: the answer is no HTML, it is application/pdf", n, n%90)
		if at == 53 {
			t.ending, t.error = "cancelled", "cancelled by ada: not needed any more"
		}
	default:
		t.state = "completed"
	}
	if n%20 == 0 {
		t.tags = "order:" + strconv.Itoa(n/2000)
	}
	if n == 505 { // among the first that died in the last queue: a search comes to it late
		t.error = scaleRare
	}
	return t
}

// fields are those of the task's hash.
func (t scaleTask) fields(now time.Time) []any {
	m := format.Message{
		Kind: t.kind, ID: t.id, Queue: t.queue, Retry: 5, Timeout: 600, Retention: 7 * 86400,
		Payload: fmt.Appendf(nil, `{"user":%q,"url":"https://example%d.org/page/%d","text":"some text of a common length"}`, t.user, t.n%90, t.n),
	}
	if t.tags != "" {
		m.Headers = map[string]string{format.TagsHeader: t.tags}
	}
	labels := t.kind + "\n" + tasks.UserKey(t.user) + "\n" + t.tags
	fields := []any{"state", t.state, format.IndexField, strconv.FormatInt(t.created.UnixMicro(), 10) + "\n" + labels, format.RunField, "r" + strconv.Itoa(t.n)}
	switch {
	case t.state == "pending":
		fields = append(fields, "pending_since", t.created.UnixNano())
	case t.state == "scheduled":
		fields = append(fields, format.DueField, now.Add(time.Hour).UnixMilli())
	case t.state == "completed":
		m.CompletedAt = t.created.Unix() + 5
		fields = append(fields, "result", `{"items":12,"bytes":48213}`)
	case t.error != "":
		m.Retried, m.Error, m.LastFailedAt = 1, t.error, t.created.Unix()+5
		text, _ := json.Marshal(format.Failure{Attempt: 1, Outcome: "retried", Message: t.error, At: t.created})
		fields = append(fields, format.ErrorField, text)
	}
	if t.parked {
		fields = append(fields, format.ParkedField, "1")
	}
	if t.ending != "" {
		fields = append(fields, format.EndingField, t.ending)
	}
	return append(fields, "msg", m.Encode())
}

// score is that of the task where it stands.
func (t scaleTask) score(now time.Time) float64 {
	switch {
	case t.parked:
		return float64(now.Unix() + 10*365*86400)
	case t.state == "scheduled", t.state == "retry":
		return float64(now.Unix() + 3600 + int64(t.n%86400))
	case t.state == "completed":
		return float64(now.Unix() + 7*86400)
	}
	return float64(t.created.Unix() + 5)
}

// scaleFill writes many tasks as clients and workers leave them, with their index.
func scaleFill(b *testing.B, client redis.UniversalClient, many int, now time.Time) {
	b.Helper()
	const atOnce, writers = 2000, 3
	var writing sync.WaitGroup
	failed := make(chan error, writers)
	for w := range writers {
		writing.Go(func() {
			for first := w * atOnce; first < many; first += writers * atOnce {
				if err := scaleWrite(b.Context(), client, first, min(first+atOnce, many), many, now); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	writing.Wait()
	close(failed)
	for err := range failed {
		b.Fatal(err)
	}
	for _, k := range scaleKinds {
		client.SAdd(b.Context(), format.Queues, k.queue)
		client.SAdd(b.Context(), format.KindsKey(k.queue), k.kind)
	}
}

// scaleWrite writes the tasks of a span in one round trip.
func scaleWrite(ctx context.Context, client redis.UniversalClient, first, end, many int, now time.Time) error {
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		sets, lists := map[string][]redis.Z{}, map[string][]any{}
		add := func(key, member string, score float64) {
			sets[key] = append(sets[key], redis.Z{Score: score, Member: member})
		}
		for n := first; n < end; n++ {
			t := scaleNth(n, many, now)
			p.HSet(ctx, format.TaskKey(t.queue, t.id), t.fields(now)...)
			at, key := float64(t.created.UnixMicro()), format.Key(t.queue, t.state)
			if t.state == "pending" {
				lists[key] = append(lists[key], t.id)
			} else {
				add(key, t.id, t.score(now))
			}
			add(format.ByKind(t.queue, t.kind), t.id+"\n"+tasks.UserKey(t.user)+"\n"+t.tags, at)
			add(format.ByUser(t.queue, t.user), t.id, at)
			if t.tags != "" {
				add(format.ByTag(t.queue, t.tags), t.id, at)
			}
		}
		for key, members := range sets {
			p.ZAdd(ctx, key, members...)
		}
		for key, ids := range lists {
			p.LPush(ctx, key, ids...)
		}
		return nil
	})
	return err
}

// scaleAsk has the first parked runs of agents wait for a person, and returns the name of one.
func scaleAsk(b *testing.B, client redis.UniversalClient, brake *control.Brake, many int, now time.Time) (name string) {
	b.Helper()
	for n, asked := 0, 0; n < many && asked < scaleDecisions; n++ {
		t := scaleNth(n, many, now)
		if !t.parked || t.queue != "agents" || n/1000%5 != 2 {
			continue
		}
		asked++
		name = t.queue + "/" + t.id
		at := strconv.FormatInt(t.created.UnixMilli(), 10)
		var journal []any
		for place, text := range []string{`{"event":"done","step":"read","attempt":1,"took":300,"result":{"found":3}}`, `{"event":"ask","step":"send the mail","effect":true,"attempt":1,"input":{"to":"ada@example.org","subject":"Your order"}}`} {
			sum := sha1.Sum(fmt.Appendf(nil, "%d %s %s", place, at, text)) //nolint:gosec // as above
			journal = append(journal, at+" "+hex.EncodeToString(sum[:])[:16]+" "+text)
		}
		client.RPush(b.Context(), "switchyard:{user:"+tasks.UserKey(t.user)+"}:journal:"+name+":r"+strconv.Itoa(t.n), journal...)
		if _, err := brake.Ask(b.Context(), control.Pass{User: t.user, Task: name}, "send the mail"); err != nil {
			b.Fatal(err)
		}
	}
	return name
}
