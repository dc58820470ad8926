package redistest

import (
	"context"
	"fmt"
	"time"
)

// patience bounds how long anything here is waited for.
const patience = 30 * time.Second

// await returns once check passes, and with its last error if it never does. Redis has
// no way of telling when it gets there, so it is asked again and again.
func await(check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("after %s: %w", patience, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
