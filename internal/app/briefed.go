package app

import (
	"context"
	"time"

	"switchyard/internal/control"
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

// briefedSources gives briefings what became of the sources.
type briefedSources struct{ store *sources.Store }

func (b briefedSources) Visited(ctx context.Context, since time.Time) ([]briefings.Visited, error) {
	some, _, err := b.store.List(ctx, maxBriefedSources, "")
	var visited []briefings.Visited
	for _, s := range some {
		v := briefings.Visited{Name: s.Name, At: s.Last.At, Failed: s.Last.Error != ""}
		if len(s.Troubles) > 0 {
			if v.Unread, err = b.store.TroublesSince(ctx, s.Name, since); err != nil {
				return nil, err
			}
		}
		visited = append(visited, v)
	}
	return visited, err
}
