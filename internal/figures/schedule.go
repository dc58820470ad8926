package figures

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"switchyard/internal/schedule"
)

// The figures of the schedule.
var (
	entriesThere   = desc("switchyard_schedule_entries", "Entries in the schedule.")
	entriesOverdue = desc("switchyard_schedule_overdue_entries", "Entries that are due and that no scheduler has taken.")
	overdueFor     = desc("switchyard_schedule_overdue_seconds", "How long the most overdue of these has been due, 0 if there is none.")
)

// NewSchedule returns the collector of what schedulers leave undone.
func NewSchedule(store *schedule.Store) *Collector {
	read := func(ctx context.Context) ([]prometheus.Metric, error) {
		o, err := store.Overdue(ctx)
		if err != nil {
			return nil, err
		}
		return []prometheus.Metric{
			gauge(entriesThere, float64(o.Of)), gauge(entriesOverdue, float64(o.Entries)), gauge(overdueFor, o.Longest.Seconds()),
		}, nil
	}
	return newCollector("schedule", read, entriesThere, entriesOverdue, overdueFor)
}
