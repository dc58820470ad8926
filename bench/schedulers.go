package bench

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
)

const (
	// leadFor is how long before its time a set of schedulers is started and left alone.
	leadFor = 3 * time.Second
	// afterglow is how long a second task of a tick is waited for.
	afterglow = 2 * time.Second
)

// schedulers starts a set of schedulers, has its entries fall due, and returns how that
// went. What it wrote is removed.
func (r *run) schedulers(ctx context.Context, s schedulers) (h held, err error) {
	ctx, cancel := phase(ctx, s.String(), 2*time.Minute+r.limit(s.entries))
	defer cancel()
	r.Progress(s.String(), 0, s.entries)
	due, err := r.dueTime(ctx, s)
	if err != nil {
		return h, err
	}
	if s.ours() {
		if err := r.fillSchedule(ctx, s, due); err != nil {
			return h, err
		}
	}
	defer func() { _, cleaned := r.footprint.removeKeys(context.WithoutCancel(ctx)); err = firstOf(err, cleaned) }()
	processes, stop, err := r.startSchedulers(s, due)
	defer stop()
	if err != nil {
		return h, err
	}
	if err := tasks.Sleep(ctx, time.Until(due)-time.Second); err != nil {
		return h, err
	}
	h.mib = -1
	if mib, known, err := residentMiB(processes[0]); err != nil {
		return h, err
	} else if known {
		h.mib = mib
	}
	if err := r.watch(ctx, s, due, &h); err != nil {
		return h, err
	}
	for _, p := range processes {
		select {
		case <-p.exited:
			return h, p.ended()
		default:
		}
	}
	return h, r.countTicks(ctx, s, &h)
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// dueTime returns when the entries are to be due, by Redis's clock: after all of them are
// written and the schedulers are idle, and for asynq, which knows no seconds, at a whole
// minute.
func (r *run) dueTime(ctx context.Context, s schedulers) (time.Time, error) {
	now, err := r.Redis.Time(ctx).Result()
	if err != nil {
		return now, fmt.Errorf("ask Redis for the time: %w", err)
	}
	lead := leadFor + time.Duration(s.entries)*100*time.Microsecond
	if s.ours() {
		return now.Add(lead).UTC().Truncate(time.Second).Add(time.Second), nil
	}
	return now.Add(lead).UTC().Truncate(time.Minute).Add(time.Minute), nil
}

// fillSchedule puts a set's entries into the schedule.
func (r *run) fillSchedule(ctx context.Context, s schedulers, due time.Time) error {
	entries := make([]schedule.Entry, s.entries)
	for i := range entries {
		var err error
		if entries[i], err = s.entry(i, due); err != nil {
			return err
		}
		entries[i].ID = fmt.Sprintf("%sentry-%06d", taskID, i)
	}
	if _, err := r.Timetable.Store.PutAll(ctx, entries, schedule.PutOptions{}); err != nil {
		return fmt.Errorf("fill the schedule: %w", err)
	}
	return nil
}

// startSchedulers starts a set's processes.
func (r *run) startSchedulers(s schedulers, due time.Time) (processes []*process, stop func(), err error) {
	stop = func() {
		for _, p := range processes {
			p.stop()
		}
	}
	for range s.count {
		var cmd *exec.Cmd
		if s.ours() {
			cmd = r.Timetable.Scheduler()
		} else {
			cmd = r.Timetable.AsynqScheduler(s.mode, s.entries, due)
		}
		p, err := startProcess(cmd)
		if err != nil {
			return processes, stop, err
		}
		processes = append(processes, p)
	}
	return processes, stop, nil
}

// watch notes how a set's queue fills, and what that costs Redis.
func (r *run) watch(ctx context.Context, s schedulers, due time.Time, h *held) error {
	before, err := r.commands(ctx)
	if err != nil {
		return err
	}
	looks := r.sent.commands.Load()
	h.arrivals, err = arrivals(ctx, r.Redis, s.queue, s.entries, due, func(tasks int) { r.Progress(s.String(), min(tasks, s.entries), s.entries) })
	if err != nil {
		return err
	}
	looks = r.sent.commands.Load() - looks
	after, err := r.commands(ctx)
	if err != nil {
		return err
	}
	h.commands = -1
	if before.servers > 0 && after.total >= before.total {
		h.commands = float64(after.total-before.total-before.servers-looks) / float64(s.entries)
	}
	return nil
}

// countTicks counts the tasks that came, a while later.
func (r *run) countTicks(ctx context.Context, s schedulers, h *held) error {
	if err := tasks.Sleep(ctx, afterglow); err != nil {
		return err
	}
	ids, err := r.Redis.LRange(ctx, "asynq:{"+s.queue+"}:pending", 0, -1).Result()
	if err != nil {
		return fmt.Errorf("count ticks: %w", err)
	}
	h.tasks = len(ids)
	c := Count{Phase: s.String(), System: systemName(s.ours()), Enqueued: s.entries}
	if s.ours() {
		ticks := make(map[string]bool, len(ids))
		for _, id := range ids {
			entry, _, _ := strings.Cut(id, "@")
			ticks[entry] = true
		}
		c.Handled, c.Repeated = len(ticks), len(ids)-len(ticks)
	} else {
		c.Handled, c.Repeated = min(len(ids), s.entries), max(0, len(ids)-s.entries)
	}
	r.report.Counts = append(r.report.Counts, c)
	return nil
}

// RunAsynqScheduler is a scheduler process of plain asynq, with its default settings, until
// ctx ends: so many entries, due at a minute of the day in UTC.
func RunAsynqScheduler(ctx context.Context, client redis.UniversalClient, mode string, entries int, minute time.Time) error {
	configs := make(fixedEntries, entries)
	for i := range configs {
		configs[i] = &asynq.PeriodicTaskConfig{
			Cronspec: fmt.Sprintf("%d %d * * *", minute.UTC().Minute(), minute.UTC().Hour()),
			Task:     asynq.NewTask(kind, fmt.Appendf(nil, `{"entry":%d}`, i)),
			Opts:     []asynq.Option{asynq.Queue(asynqQueue)},
		}
	}
	if mode == AsynqManager {
		manager, err := asynq.NewPeriodicTaskManager(asynq.PeriodicTaskManagerOpts{
			PeriodicTaskConfigProvider: configs, RedisUniversalClient: client, SchedulerOpts: &asynq.SchedulerOpts{LogLevel: asynq.FatalLevel},
		})
		if err == nil {
			err = manager.Start()
		}
		if err != nil {
			return fmt.Errorf("start asynq: %w", err)
		}
		<-ctx.Done()
		manager.Shutdown()
		return nil
	}
	scheduler := asynq.NewSchedulerFromRedisClient(client, &asynq.SchedulerOpts{LogLevel: asynq.FatalLevel})
	for _, c := range configs {
		if _, err := scheduler.Register(c.Cronspec, c.Task, c.Opts...); err != nil {
			return fmt.Errorf("register with asynq: %w", err)
		}
	}
	if err := scheduler.Start(); err != nil {
		return fmt.Errorf("start asynq: %w", err)
	}
	<-ctx.Done()
	scheduler.Shutdown()
	return nil
}

// fixedEntries is a list of entries, all there are from the start.
type fixedEntries []*asynq.PeriodicTaskConfig

// GetConfigs implements [asynq.PeriodicTaskConfigProvider].
func (e fixedEntries) GetConfigs() ([]*asynq.PeriodicTaskConfig, error) { return e, nil }
