package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/cache"
	"switchyard/internal/command"
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
	}, func() error { return s.Layout.Claim(ctx, command.ThisVersion().Release) })
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
