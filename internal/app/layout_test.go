package app

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/daemon"
	"switchyard/internal/layout"
	"switchyard/test/redistest"
)

func TestADaemonThatIsTooOldForWhatIsStoredDoesNothing(t *testing.T) {
	for name, begin := range begins {
		t.Run(name, func(t *testing.T) {
			s := openOn(t, "redis://"+redistest.Server(t).Addr, zap.NewNop())
			s.Redis.HSet(t.Context(), "switchyard:layout", "reads", layout.Known+1, "writes", layout.Known+1, "by", "v9.0.0", "at", 1795670507554)
			run, _ := begin(t, s)
			if err := run(daemon.Stop{Quiet: t.Context(), Drain: t.Context()}); !errors.As(err, new(*layout.NewerError)) {
				t.Errorf("it ended with %v", err)
			}
			if err := s.Reach(t.Context()); !errors.As(err, new(*layout.NewerError)) {
				t.Errorf("a command says %v", err)
			}
			if keys := s.Redis.Keys(t.Context(), "*").Val(); len(keys) != 1 {
				t.Errorf("it has written: %v", keys)
			}
		})
	}
}

func TestADaemonStopsOnceANewerProgramHasChangedTheLayout(t *testing.T) {
	s := openOn(t, "redis://"+redistest.Server(t).Addr, zap.NewNop())
	s.Layout.Every = time.Millisecond
	w := newWorker(t, s)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { ended <- s.whileKnown(daemon.Stop{Quiet: ctx, Drain: ctx}, w.Run) }()
	await(t, "a worker at work", func() bool { return s.Redis.ZCard(ctx, "asynq:servers").Val() == 1 })
	s.Redis.HSet(ctx, "switchyard:layout", "reads", layout.Known+1, "by", "v9.0.0")
	want := "what is stored in redis has layout 2, which v9.0.0 began on " + time.Now().UTC().Format(time.DateOnly) +
		", and this program knows no layout after 1: run that release or a later one, or give this one a database of its own (switchyard:layout)"
	if err := <-ended; !errors.As(err, new(*layout.NewerError)) || fmt.Sprint(err) != want {
		t.Errorf("it ended with %v", err)
	}
	if n := s.Redis.ZCard(ctx, "asynq:servers").Val(); n != 0 {
		t.Error("it has left itself on asynqmon's Servers page")
	}
}
