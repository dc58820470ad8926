package app

import (
	"context"
	"sync"
	"time"

	"switchyard/internal/control"
	"switchyard/internal/schedule"
	"switchyard/internal/sources"
	"switchyard/internal/tasks/briefings"
)

// briefedBrake gives briefings what is known of a user's agents.
type briefedBrake struct{ brake *control.Brake }

func (b briefedBrake) Stopped(ctx context.Context, user string) (briefings.Stopped, error) {
	status, err := b.brake.Look(ctx, user)
	stopped := briefings.Stopped{Waits: status.Waits}
	for _, s := range status.Stops {
		if stopped.Since.IsZero() || s.Since.Before(stopped.Since) {
			stopped.Since = s.Since
		}
	}
	return stopped, err
}

// maxBriefedSources bounds the sources that one briefing tells of.
const maxBriefedSources = 50

// briefedFor is how long what became of the sources is told to all users alike: at eight o'clock they
// all ask.
const briefedFor = time.Minute

// briefedSources gives briefings what became of the sources. It is safe for concurrent use.
type briefedSources struct {
	store *sources.Store
	now   func() time.Time

	mu   sync.Mutex
	kept map[time.Time][]briefings.Visited // by the hour since when
	at   time.Time                         // of the first of them
}

// Visited returns the sources, and how many of their pages could not be read since the hour of a time.
func (b *briefedSources) Visited(ctx context.Context, since time.Time) ([]briefings.Visited, error) {
	b.mu.Lock()
	defer b.mu.Unlock() // whoever else asks waits for the same answer
	if now := b.now(); b.kept == nil || now.Sub(b.at) >= briefedFor {
		b.kept, b.at = map[time.Time][]briefings.Visited{}, now
	}
	since = since.Truncate(time.Hour)
	visited, ok := b.kept[since]
	if !ok {
		var err error
		if visited, err = b.read(ctx, since); err != nil {
			return nil, err
		}
		b.kept[since] = visited
	}
	return visited, nil
}

func (b *briefedSources) read(ctx context.Context, since time.Time) (visited []briefings.Visited, err error) {
	for start, more := "", true; more && len(visited) < maxBriefedSources; more = start != "" {
		some, next, err := b.store.List(ctx, schedule.MaxPage, start)
		if err != nil {
			return nil, err
		}
		start = next
		for _, s := range some[:min(len(some), maxBriefedSources-len(visited))] {
			v := briefings.Visited{Name: s.Name, At: s.Last.At, Failed: s.Last.Error != ""}
			if len(s.Troubles) > 0 {
				if v.Unread, err = b.store.TroublesSince(ctx, s.Name, since); err != nil {
					return nil, err
				}
			}
			visited = append(visited, v)
		}
	}
	return visited, nil
}
