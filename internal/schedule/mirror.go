package schedule

import (
	"context"
	"time"

	"switchyard/internal/tasks"

	"go.uber.org/zap"
)

const (
	mirrorEvery = 5 * time.Second
	mirrored    = 100
)

// mirror shows the upcoming entries every few seconds, until ctx ends.
func (e *Engine) mirror(ctx context.Context) {
	failing := false
	for ; ctx.Err() == nil; _ = tasks.Sleep(ctx, mirrorEvery) {
		upcoming, err := e.store.Upcoming(ctx, mirrored)
		if err == nil {
			err = e.options.Mirror.MirrorSchedule(ctx, upcoming)
		}
		if err != nil && !failing && ctx.Err() == nil {
			e.options.Logger.Warn("schedule is not mirrored, trying again", zap.Error(err))
		}
		failing = err != nil
	}
}
