package figures

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"switchyard/internal/control"
)

// The figures of the brake.
var (
	usersPaused    = desc("switchyard_users_paused", "Users whose own brake is on: at least so many, if more than 5,000 are not at rest.")
	everyonePaused = desc("switchyard_everyone_paused", "1 while everyone's brake is on.")
	runsWait       = desc("switchyard_runs_awaiting_decision", "Runs of which a step waits for a person to decide whether it has happened.")
)

// NewBrake returns the collector of who is stopped, and of what waits for a person.
func NewBrake(brake *control.Brake) *Collector {
	read := func(ctx context.Context) ([]prometheus.Metric, error) {
		c, err := brake.Census(ctx)
		if err != nil {
			return nil, err
		}
		return []prometheus.Metric{
			gauge(usersPaused, float64(c.Paused)), gauge(everyonePaused, truth(c.Everyone)), gauge(runsWait, float64(c.Waits)),
		}, nil
	}
	return newCollector("brake", read, usersPaused, everyonePaused, runsWait)
}
