package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.uber.org/zap"

	"switchyard/bench"
	"switchyard/internal/app"
	"switchyard/internal/cache"
	"switchyard/internal/calendar"
	"switchyard/internal/config"
	"switchyard/internal/schedule"
	"switchyard/internal/users"
)

// zones are where the users of the bench live.
var zones = []string{
	"Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York",
	"America/Sao_Paulo", "Atlantic/Azores", "Europe/London", "Europe/Berlin", "Europe/Helsinki", "Africa/Nairobi", "Asia/Dubai",
	"Asia/Karachi", "Asia/Kolkata", "Asia/Dhaka", "Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
}

// newTimetable returns the entries of the workload schedule.
func newTimetable(s *app.System) (bench.Timetable, error) {
	t := bench.Timetable{Store: s.Schedule}
	t.Entry = func(_ int, due time.Time) (schedule.Entry, error) {
		return schedule.Entry{
			Spec: "at " + due.Format(time.RFC3339), Kind: "scrape_page",
			Payload: []byte(`{"url":"http://127.0.0.1/"}`), Origin: schedule.OriginAPI,
		}, nil
	}
	// The briefings of all zones fall due at once: each zone has the time of day that it is
	// there at that moment, to the second, where a real user would have 08:00.
	t.User = func(n int, due time.Time) (schedule.Entry, error) {
		zone, err := calendar.LoadZone(zones[n%len(zones)])
		if err != nil {
			return schedule.Entry{}, err
		}
		local := due.In(zone)
		u := users.User{ID: fmt.Sprintf("bench-%06d", n), Topics: []string{"benchmarks"}, Zone: zone.String(), Time: local.Format("15:04")}
		e, err := u.WithDefaults().Entry()
		e.Spec = fmt.Sprintf("%d %s", local.Second(), e.Spec)
		return e, err
	}
	for queue, entry := range map[*string]func(int, time.Time) (schedule.Entry, error){&t.EntryQueue: t.Entry, &t.UserQueue: t.User} {
		e, err := entry(0, time.Now())
		if err != nil {
			return t, err
		}
		route, err := s.Routing.Route(e.Kind)
		if err != nil {
			return t, err
		}
		*queue = route.Queue
	}
	return t, nil
}

// asynqSchedulerCommand is the scheduler process of plain asynq that the bench starts.
type asynqSchedulerCommand struct {
	Mode    string    `required:""`
	Entries int       `required:""`
	Minute  time.Time `help:"When all entries are due." required:""`
}

// Run implements the command.
func (cmd asynqSchedulerCommand) Run(f *config.Flags) error {
	return app.Main(*f, nil, func(c config.Config, _ *zap.Logger) error {
		client, err := cache.Connect(c.RedisOptions())
		if err != nil {
			return err
		}
		defer func() { _ = client.Close() }()
		ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer release()
		return bench.RunAsynqScheduler(ctx, client, cmd.Mode, cmd.Entries, cmd.Minute)
	})
}
