package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/encoding/protowire"
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
}

// Mirror writes entries where asynqmon's Schedulers page reads them. They vanish from
// it 30 s after the last scheduler has stopped.
func Mirror(ctx context.Context, client redis.UniversalClient, entries []PeriodicEntry) error {
	err := client.ZAdd(ctx, schedulersKey, redis.Z{Score: float64(time.Now().Add(mirrorTTL).Unix()), Member: mirrorKey}).Err()
	if err == nil {
		_, err = client.TxPipelined(ctx, func(p redis.Pipeliner) error {
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
