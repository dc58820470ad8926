package queue

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// The bounds of one script: other clients wait for its end, and Lua passes no more than a few
// thousand values to a command.
const (
	maxAdds     = 500
	maxAddBytes = 8 << 20
)

var (
	//go:embed given.lua
	givenLua string
	//go:embed add.lua
	addLua string

	addScript = redis.NewScript(format.IndexLua + givenLua + addLua)
)

// addBatch is tasks of one queue that one script adds.
type addBatch struct {
	queue  string
	places []int // of the tasks among all
	kinds  map[string]bool
	call   addCall
	texts  []any // their messages
	bytes  int
	invocation
}

// addCall is what the script is asked to do.
type addCall struct {
	Tasks  string    `json:"tasks"`
	Index  string    `json:"index"`
	Tokens int       `json:"tokens"`
	Known  int64     `json:"known"`
	Before int64     `json:"before,omitempty"`
	Items  []addItem `json:"items"`
}

type addItem struct {
	ID     string `json:"id"`
	Labels string `json:"labels"`
	Due    int64  `json:"due,omitempty"`
	Lock   string `json:"lock,omitempty"`
	TTL    int64  `json:"ttl,omitempty"`
	Entry  string `json:"entry,omitempty"`
	Tick   int64  `json:"tick,omitempty"`
	// Request is where it is kept that a request has added the task.
	Request string `json:"request,omitempty"`
	Known   int64  `json:"known,omitempty"`
}

// add adds tasks, those of a queue a few hundred to a script, all scripts in one round trip,
// and returns what became of each. From the moment until on, by the clock of the queue's
// Redis, nothing is added; zero is never.
func (c *Client) add(ctx context.Context, messages []message, until time.Time) []tasks.Added {
	request, sender := tasks.RequestOf(ctx), tasks.SenderOf(ctx)
	var batches []*addBatch
	open := make(map[string]*addBatch) // by queue
	for i, m := range messages {
		if sender != nil {
			m.headers[format.SenderHeader] = sender.Name().String()
		}
		if c.noter != nil {
			c.noter.NoteTask(ctx, m.kind, m.headers)
		}
		b := open[m.queue]
		if b == nil || b.full() {
			b = newAddBatch(m.queue)
			if !until.IsZero() {
				b.call.Before = until.UnixMilli()
			}
			open[m.queue] = b
			batches = append(batches, b)
		}
		b.put(i, m, request)
	}
	c.runAdds(ctx, batches)
	added := make([]tasks.Added, len(messages))
	for _, b := range batches {
		b.report(messages, added)
	}
	for _, one := range added {
		if sender != nil && one.Err == nil && !one.Receipt.Duplicate {
			sender.Note(tasks.Name{Queue: one.Receipt.Queue, ID: one.Receipt.ID})
		}
	}
	return added
}

func newAddBatch(queue string) *addBatch {
	return &addBatch{queue: queue, kinds: map[string]bool{}, call: addCall{
		Tasks: format.TaskKey(queue, ""), Index: format.IndexKey(queue), Tokens: format.MaxTokens, Known: format.WholeSeconds(format.RequestFor),
	}}
}

func (b *addBatch) full() bool { return len(b.places) == maxAdds || b.bytes >= maxAddBytes }

func (b *addBatch) put(place int, m message, request string) {
	item := addItem{ID: m.id, Labels: m.labels().String(), Lock: m.lock(), TTL: format.WholeSeconds(m.policy.Unique), Entry: m.entry, Tick: m.tick}
	if !m.at.IsZero() {
		item.Due = m.at.UnixMilli()
	}
	switch {
	case m.once:
		item.Request, item.Known = format.RequestKey(m.queue, "id:"+m.id), format.WholeSeconds(format.OnceFor)
	case request != "":
		item.Request = format.RequestKey(m.queue, request)
	}
	text := m.encode()
	b.places, b.call.Items, b.texts = append(b.places, place), append(b.call.Items, item), append(b.texts, text)
	b.bytes += len(text)
	b.kinds[m.kind] = true
}

// runAdds runs the script on each batch.
func (c *Client) runAdds(ctx context.Context, batches []*addBatch) {
	all := make([]*invocation, len(batches))
	for i, b := range batches {
		call, _ := json.Marshal(b.call) // strings and numbers always have a text
		b.invocation = invocation{
			keys: []string{
				format.Key(b.queue, pending), format.Key(b.queue, scheduled), format.WakeKey(b.queue),
				format.LedgerKey(b.queue), format.AgesKey(b.queue),
			},
			args: append([]any{call}, b.texts...),
		}
		all[i] = &b.invocation
	}
	c.invoke(ctx, addScript, all, func(p redis.Pipeliner) {
		for _, b := range batches {
			if c.listed.isDue(b.queue) {
				p.SAdd(ctx, format.Queues, b.queue)
			}
			for kind := range b.kinds {
				if c.listed.isDue(b.queue + "/" + kind) {
					p.SAdd(ctx, format.KindsKey(b.queue), kind)
				}
			}
		}
	})
}

// report writes what the script said of b's tasks into added.
func (b *addBatch) report(messages []message, added []tasks.Added) {
	reply, err := b.reply.Slice()
	if err == nil && len(reply) != len(b.places) {
		err = tasks.ErrTooLate
	}
	for i, place := range b.places {
		m := messages[place]
		if err != nil {
			added[place].Err = fmt.Errorf("enqueue %s: %w", m.kind, err)
			continue
		}
		added[place] = m.outcome(reply[i])
	}
}

// outcome reads what the script said of m.
func (m message) outcome(said any) tasks.Added {
	receipt := m.receipt()
	switch said := said.(type) {
	case int64:
		// Who has an ID that was made here is m itself, added by a try whose answer was lost.
		receipt.Duplicate = said == 0 && !m.made
		return tasks.Added{Receipt: receipt}
	case []any:
		text := fmt.Sprint(said[len(said)-1])
		if said[0] == "wrong" {
			return tasks.Added{Err: fmt.Errorf("enqueue %s: key %s: it is not asynq's; rename or delete it", m.kind, text)}
		}
		receipt.Duplicate = true
		if text != "" { // the lock is gone by now
			receipt.ID = text
		}
		return tasks.Added{Receipt: receipt}
	}
	return tasks.Added{Err: errors.New("enqueue " + m.kind + ": redis gave an answer that is none")}
}
