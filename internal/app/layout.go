package app

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/cache"
	"switchyard/internal/daemon"
	"switchyard/internal/layout"
)

// Reach reports why a command cannot work on what is stored in Redis: Redis is away, or a newer
// program has changed the layout.
func (s *System) Reach(ctx context.Context) error {
	if err := s.Cache.Check(ctx); err != nil {
		return err
	}
	return s.Layout.Check(ctx)
}

// claimLayout notes that this program works here, once Redis takes that. A layout that is not known
// is an error.
func (s *System) claimLayout(ctx context.Context) error {
	return cache.Patiently(ctx, time.Second, func(err error) bool {
		return errors.As(err, new(*layout.NewerError)) || cache.IsFinal(err)
	}, func() error {
		stored, err := s.Layout.Claim(ctx)
		if err == nil {
			s.noteAtStart(ctx, stored)
		}
		return err
	})
}

// noteAtStart notes what the configuration has here that older programs do not serve, and warns of what
// newer programs have noted so.
func (s *System) noteAtStart(ctx context.Context, stored layout.Stored) {
	if len(remoteKinds(s.Config)) > 0 {
		s.Layout.Note(ctx, layout.Remote)
	}
	if unknown := stored.Unknown(); len(unknown) > 0 {
		s.Log.Warn("newer programs have used what this one does not know: switchyard upgrade check of theirs says what becomes of it", zap.Strings("features", unknown))
	}
}

// noteEntry notes that an entry of the schedule, as JSON, has a kind that older schedulers do not know.
func (s *System) noteEntry(ctx context.Context, entry string) {
	var e struct{ Kind string }
	if json.Unmarshal([]byte(entry), &e) == nil && layout.IsNewKind(e.Kind) {
		s.Layout.Note(ctx, layout.Entries)
	}
}

// whileKnown runs a daemon's work until it ends, or a newer program changes the layout: then it stops
// as by a signal, and the error says so.
func (s *System) whileKnown(stop daemon.Stop, run func(daemon.Stop) error) error {
	quiet, beQuiet := context.WithCancel(stop.Quiet)
	drain, endDrain := context.WithCancel(stop.Drain)
	defer endDrain()
	var watching sync.WaitGroup
	var newer error
	watching.Go(func() {
		if newer = s.Layout.Watch(quiet); newer == nil {
			return
		}
		s.Log.Error("stopping: this program is too old for what is stored now", zap.Error(newer))
		beQuiet()
		timer := time.AfterFunc(s.Config.Worker.Drain, endDrain)
		context.AfterFunc(drain, func() { timer.Stop() })
	})
	err := run(daemon.Stop{Quiet: quiet, Drain: drain})
	beQuiet()
	watching.Wait()
	return errors.Join(err, newer)
}
