package app

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/cache"
	"switchyard/internal/daemon"
	"switchyard/internal/queue/format"
	"switchyard/internal/rights"
)

// probe is the last part of the keys with which it is tried whether Redis takes writes.
const probe = "probe"

// checks are what every daemon's readiness asks: Redis answers, its user may do what the daemon
// does, and what is stored there can be read.
func (s *System) checks() []daemon.Check {
	return []daemon.Check{{Name: "redis", Test: s.Cache.Check}, {Name: "rights", Test: s.rights.Check}, {Name: "layout", Test: s.Layout.Ready}}
}

// checkWrites is the condition that Redis takes writes of queues and of other keys.
func (s *System) checkWrites(queues, keys []string) daemon.Check {
	for _, queue := range queues {
		keys = append(keys, format.OwnKey(queue, probe))
	}
	return daemon.Check{Name: "writes", Test: func(ctx context.Context) error {
		return cache.CheckWrites(ctx, s.Redis, keys...)
	}}
}

// serveAs has the system want no more rights than its role needs. It is called before the system is used.
func (s *System) serveAs(role rights.Role) {
	s.rights = rights.NewWatch(s.Redis, s.needs(role))
}

// needs are the rights that a role needs of Redis's access control.
func (s *System) needs(role rights.Role) rights.Needs {
	return rights.Needs{Role: role, Prefix: s.Config.Redis.Prefix, Celery: s.Config.CeleryKeys(), Channels: s.Config.CeleryChannels()}
}

// awaitRights returns once Redis's user may do what a daemon does. One that begins without would
// take what it lacks for damage.
func (s *System) awaitRights(ctx context.Context) error {
	said := ""
	final := func(err error) bool {
		if errors.Is(err, rights.ErrMissing) || errors.Is(err, rights.ErrRefused) {
			if text := err.Error(); text != said {
				said = text
				s.Log.Error("waiting for the rights that are missing: nothing is done until they are granted", zap.Error(err))
			}
			return false
		}
		return cache.IsFinal(err)
	}
	err := cache.Patiently(ctx, time.Second, final, func() error { return s.rights.Check(ctx) })
	if err == nil && said != "" {
		s.Log.Info("redis's user has all rights")
	}
	return err
}
