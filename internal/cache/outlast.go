package cache

import (
	"context"
	"time"
)

// Outlast returns a context with the values of ctx that ends a grace after ctx has ended, with its
// cause. It is for writing down what is done already: as long as an attempt may go on, a Redis that
// is slow or away is waited for, and once the attempt is over the write gets the grace and no more.
// The caller calls cancel when the write is done, which also frees what waits for ctx.
func Outlast(ctx context.Context, grace time.Duration) (_ context.Context, cancel context.CancelFunc) {
	outlasting, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			end(context.Cause(ctx))
		case <-outlasting.Done():
		}
	})
	return outlasting, func() { stop(); end(context.Canceled) }
}
