package schedule

import (
	"context"

	"go.uber.org/zap"
)

// Releases tells whose brake may have been taken off.
type Releases interface {
	// Released calls told with each user whose brake may just have been taken off, and with
	// [Everyone], until ctx ends. It may miss some.
	Released(ctx context.Context, told func(user string))
}

// Releaser has the entries of a user go on at once when the user's brake is taken off.
// Engines look at held entries from time to time anyway; a release that it misses is late,
// and not lost.
type Releaser struct {
	store    *Store
	brake    Brake
	releases Releases
	log      *zap.Logger
}

// NewReleaser returns a releaser of the entries in store. Run starts it.
func NewReleaser(store *Store, brake Brake, releases Releases, log *zap.Logger) *Releaser {
	return &Releaser{store: store, brake: brake, releases: releases, log: log}
}

// Run releases what it is told of until ctx ends.
func (r *Releaser) Run(ctx context.Context) {
	r.releases.Released(ctx, func(user string) {
		if err := r.release(ctx, user); err != nil && ctx.Err() == nil {
			r.log.Warn("entries of a released user go on late", zap.String("user", user), zap.Error(err))
		}
	})
}

// release releases a user's entries if the brake is off. What it was told may be a wish
// that nobody has obeyed yet: the brake tells when that is done.
func (r *Releaser) release(ctx context.Context, user string) error {
	held, err := r.brake.On(ctx, []string{user})
	if err != nil || held[0] {
		return err
	}
	n, err := r.store.Release(ctx, user)
	if n > 0 {
		r.log.Info("entries of a released user go on", zap.String("user", user), zap.Int("entries", n))
	}
	return err
}
