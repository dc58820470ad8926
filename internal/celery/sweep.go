package celery

import (
	"context"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/tasks"
)

const (
	// sweepEvery is how often it is looked for what nobody has told, and untoldAfter how old that is:
	// what is younger is about to be told by who has ended the task.
	sweepEvery  = 12 * time.Second
	untoldAfter = 5 * time.Second
	// sweepAtOnce is how much is looked at in a round trip.
	sweepAtOnce = 200
)

// sweep tells what others have left behind.
func (d *Door) sweep(ctx context.Context) error {
	for _, queue := range d.OurQueues {
		var cursor uint64
		for {
			found, next, err := d.Redis.HScan(ctx, format.RepliesKey(queue), cursor, "", sweepAtOnce).Result()
			if err != nil {
				return err
			}
			if err := d.sweepSome(ctx, queue, found); err != nil {
				return err
			}
			if cursor = next; cursor == 0 || ctx.Err() != nil {
				break
			}
		}
	}
	return nil
}

// sweepSome tells what is old of some that was found, as field, text, ....
func (d *Door) sweepSome(ctx context.Context, queue string, found []string) error {
	var old []tasks.Reply
	for ; len(found) >= 2; found = found[2:] {
		r, err := lane.ReadReply(queue, found[0], found[1])
		if err != nil {
			d.Log.Error("what was to be told to a client of Celery cannot be read, and is deleted", zap.String("queue", queue), zap.Error(err))
			if err := d.Redis.HDel(ctx, format.RepliesKey(queue), found[0]).Err(); err != nil {
				return err
			}
			continue
		}
		if time.Since(r.At) > untoldAfter {
			old = append(old, r)
		}
	}
	for len(old) > 0 {
		n := min(len(old), tellAtOnce)
		d.Metrics.swept.Add(float64(n))
		if !d.teller.tell(old[:n]) {
			return nil // the log has said why
		}
		old = old[n:]
	}
	return nil
}
