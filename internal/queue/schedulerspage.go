package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/encoding/protowire"

	"switchyard/internal/tasks"
)

// Keys under which asynqmon's Schedulers page finds schedule entries. Every scheduler
// writes the same list under the same name, so any number of them shows each entry once.
const (
	schedulersKey = "asynq:schedulers"
	mirrorKey     = "asynq:schedulers:{switchyard}"
	mirrorTTL     = 30 * time.Second
)

// PeriodicEntry is a schedule entry as asynqmon shows it.
type PeriodicEntry struct {
	ID, Spec, Kind string
	Payload        []byte
	Options        []string
	Next, Prev     time.Time // Prev is zero before the first tick
	PrevTask       string    // ID of the task of Prev, "" if nobody knows it
}

// Mirror shows the schedule on asynqmon's Schedulers page. It is safe for concurrent use.
type Mirror struct {
	client  redis.UniversalClient
	history history
}

// NewMirror returns a mirror that shows nothing yet.
func NewMirror(client redis.UniversalClient) *Mirror { return &Mirror{client: client} }

// Note tells the mirror what became of ticks. Those of the entries shown are in their
// history once [Mirror.Show] is called again; of an entry that ticks more often than it is
// shown the history would have gaps without.
func (m *Mirror) Note(ticks []tasks.Tick, results []tasks.Added) { m.history.note(ticks, results) }

// Show writes entries, with the history of their ticks, where asynqmon reads them. They
// vanish from its page 30 s after the last scheduler has stopped.
func (m *Mirror) Show(ctx context.Context, entries []PeriodicEntry) error {
	if err := m.list(ctx, entries); err != nil {
		return err
	}
	return m.tell(ctx, m.history.take(entries))
}

// list writes the list of entries.
func (m *Mirror) list(ctx context.Context, entries []PeriodicEntry) error {
	err := m.client.ZAdd(ctx, schedulersKey, redis.Z{Score: float64(time.Now().Add(mirrorTTL).Unix()), Member: mirrorKey}).Err()
	if err == nil {
		_, err = m.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Del(ctx, mirrorKey)
			for _, e := range entries {
				p.RPush(ctx, mirrorKey, encode(e))
			}
			p.Expire(ctx, mirrorKey, mirrorTTL)
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("mirror the schedule for asynqmon: %w", err)
	}
	return nil
}

// encode returns e as asynq's SchedulerEntry message. Its Go type is internal to asynq;
// the field numbers are those of asynq's internal/proto/asynq.proto.
func encode(e PeriodicEntry) []byte {
	var b []byte
	b = appendString(b, 1, e.ID)
	b = appendString(b, 2, e.Spec)
	b = appendString(b, 3, e.Kind)
	b = appendString(b, 4, string(e.Payload))
	for _, o := range e.Options {
		b = appendString(b, 5, o)
	}
	b = appendString(b, 6, timestamp(e.Next))
	return appendString(b, 7, timestamp(e.Prev))
}

// timestamp returns t as a google.protobuf.Timestamp, to the second.
func timestamp(t time.Time) string {
	return string(protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(t.Unix())))
}

func appendString(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}
