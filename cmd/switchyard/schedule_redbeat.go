package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"switchyard/internal/app"
	"switchyard/internal/cache"
	"switchyard/internal/calendar"
	"switchyard/internal/command"
	"switchyard/internal/command/progress"
	"switchyard/internal/config"
	"switchyard/internal/redact"
	"switchyard/internal/redbeat"
	"switchyard/internal/schedule"
)

type scheduleImportRedBeat struct {
	From      string            `required:"" env:"REDBEAT_REDIS_URL" help:"Redis of RedBeat, its redbeat_redis_url. Give a URL with a password in the environment, where others do not see it." placeholder:"redis://HOST:6379/0"`
	Zone      string            `required:"" help:"IANA time zone of the Celery application, its timezone setting: UTC if it sets none. RedBeat does not keep it."`
	KeyPrefix string            `help:"RedBeat's redbeat_key_prefix." default:"redbeat:"`
	Map       map[string]string `help:"The kind of a task, with names for its positional arguments if it has some. May be repeated." placeholder:"app.tasks.scout=agent_scout:user,topics"`
	DryRun    bool              `help:"Only say what would become of each entry." xor:"mode"`
	Watch     bool              `help:"Write nothing, and go on comparing when both systems would run each entry next." xor:"mode"`
	Interval  time.Duration     `help:"How often --watch compares." default:"5s"`
	KeepGoing bool              `help:"Write the entries that can move though others cannot."`
}

// Run implements the command.
func (cmd scheduleImportRedBeat) Run(l *local, out *command.Output) error {
	if cmd.Interval < time.Second {
		return command.With(command.Wrong, fmt.Errorf("--interval is %s: use 1s or more", cmd.Interval))
	}
	if cmd.Watch && out.JSON {
		return command.With(command.Wrong, errors.New("--json: --watch prints text alone: leave one of them out"))
	}
	zone, err := calendar.LoadZone(cmd.Zone)
	if err != nil {
		return fmt.Errorf("--zone: %w", err)
	}
	mapped, err := cmd.tasks()
	if err != nil {
		return err
	}
	client, err := cache.Connect(cache.Options{URL: cmd.From})
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer func() { _ = client.Close() }()
	reader := redbeat.NewReader(client, cmd.KeyPrefix)
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		check := s.CheckEntry
		if cmd.Watch {
			// It compares times, whatever the payload.
			check = func(ctx context.Context, e schedule.Entry) error { return e.Validate(ctx) }
		}
		mover := redbeat.NewMover(redbeat.Options{
			Zone: zone, Tasks: withMapped(s.Config.Celery, mapped), Check: check, Now: time.Now,
			Known: func(kind string) bool { _, err := s.Catalog.Lookup(kind); return err == nil },
			Queue: func(name string) bool { return slices.Contains(s.Config.QueueNames(), name) },
		})
		if cmd.Watch {
			ticker := time.NewTicker(cmd.Interval)
			defer ticker.Stop()
			shadow := redbeat.Shadow{Read: reader.Read, Mover: mover, Out: out, Now: time.Now}
			return shadow.Watch(ctx, ticker.C)
		}
		stored, err := reader.Read(ctx)
		if err != nil {
			return err
		}
		if len(stored) == 0 {
			return fmt.Errorf("%s has no entries under %s*: see to --key-prefix, and to the database in --from", redact.URL(cmd.From), cmd.KeyPrefix)
		}
		report := redBeatReport{moves: mover.MoveAll(ctx, stored), mapped: cmd.Map}
		if report.kinds, err = proposeKinds(report.moves, func(kind string) bool {
			_, named := s.Config.Celery.Kinds[kind]
			return named || s.Catalog.CheckSent(kind) == nil
		}); err != nil {
			return err
		}
		if err := refuseMoves(ctx, s, report.moves); err != nil {
			return err
		}
		if !out.JSON {
			if err := report.print(out); err != nil {
				return err
			}
		}
		if cmd.DryRun {
			return out.Say(report.forPrograms(0), "Nothing was written.")
		}
		if n := report.count(redbeat.Cannot); n > 0 && !cmd.KeepGoing {
			return command.With(command.Refused, fmt.Errorf("%d of %d entries cannot move, so nothing was written: see to them, or write the others with --keep-going", n, len(stored)))
		}
		if err := warnOfLock(ctx, reader); err != nil {
			return err
		}
		changed, err := cmd.putMoves(ctx, s, report.moves)
		if err != nil {
			return err
		}
		moved, _ := moving(report.moves)
		return out.Say(report.forPrograms(changed), "Of %d entries %d were added or changed.", len(moved), changed)
	})
}

// tasks reads --map.
func (cmd scheduleImportRedBeat) tasks() (map[string]redbeat.Task, error) {
	all := make(map[string]redbeat.Task, len(cmd.Map))
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(cmd.Map)) {
		var err error
		if all[name], err = redbeat.ParseTask(cmd.Map[name]); err != nil {
			errs = append(errs, fmt.Errorf("--map %s=%s: %w", name, cmd.Map[name], err))
		}
	}
	return all, errors.Join(errs...)
}

// withMapped returns what the configuration says of tasks of Celery, and --map beside or instead of it.
func withMapped(c config.Celery, mapped map[string]redbeat.Task) map[string]redbeat.Task {
	all := celerysTasks(c)
	for name, t := range mapped {
		known := celerysTask(c, t.Kind)
		if t.Args != nil {
			known.Args = t.Args
		}
		all[name] = known
	}
	return all
}

// warnOfLock tells of a RedBeat that runs: from now on both would run the entries.
func warnOfLock(ctx context.Context, reader *redbeat.Reader) error {
	locked, err := reader.Locked(ctx)
	if err == nil && locked {
		_, _ = fmt.Fprintln(os.Stderr, "RedBeat holds its lock, so it seems to run: stop it, or both systems run each entry. Then import again, so that its latest runs count.")
	}
	return err
}

// refuseMoves turns down the moves of entries that the schedule does not take, such as those
// whose ID is of another place.
func refuseMoves(ctx context.Context, s *app.System, moves []redbeat.Move) error {
	entries, last := moving(moves)
	_, err := s.Schedule.PutAll(ctx, entries, schedule.PutOptions{Last: last, KeepGoing: true, DryRun: true})
	refused, ok := schedule.Refusals(err)
	if !ok {
		return err
	}
	for i, m := range moves {
		if why := refused[m.Entry.ID]; why != nil {
			moves[i] = m.Refuse(why)
		}
	}
	return nil
}

// putMoves writes the entries that move, each with the last run in RedBeat as the tick from
// which it goes on.
func (cmd scheduleImportRedBeat) putMoves(ctx context.Context, s *app.System, moves []redbeat.Move) (changed int, err error) {
	entries, last := moving(moves)
	bar := progress.New(os.Stderr)
	changed, err = s.Schedule.PutAll(ctx, entries, schedule.PutOptions{
		Last: last, KeepGoing: cmd.KeepGoing, Progress: func(done int) { bar.Show("importing", done, len(entries)) },
	})
	bar.Clear()
	return changed, err
}

// moving returns the entries that move, and their last runs by ID.
func moving(moves []redbeat.Move) (entries []schedule.Entry, last map[string]time.Time) {
	last = make(map[string]time.Time, len(moves))
	for _, m := range moves {
		if m.Moves() {
			entries = append(entries, m.Entry)
			last[m.Entry.ID] = m.LastRun
		}
	}
	return entries, last
}
