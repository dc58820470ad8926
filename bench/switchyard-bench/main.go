// Command switchyard-bench measures this system beside plain asynq, on one Redis.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"

	"switchyard/bench"
	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/command/progress"
	"switchyard/internal/config"
	"switchyard/internal/deployment"
	"switchyard/internal/redact"
	"switchyard/internal/tasks/scraping"
)

type cli struct {
	config.Flags

	Measure        measureCommand        `cmd:"" default:"withargs" help:"Measure."`
	AsynqWorker    asynqWorkerCommand    `cmd:"" hidden:""`
	AsynqScheduler asynqSchedulerCommand `cmd:"" hidden:""`

	command.Common
}

func main() {
	var c cli
	os.Exit((&command.Program{
		Name: "switchyard-bench", Description: "Measures Switchyard beside plain asynq.", Grammar: &c, Bind: []any{&c.Flags},
	}).Main(os.Args[1:]))
}

type measureCommand struct {
	Workload []string `arg:"" optional:"" help:"What to measure: pickup, drain, stream, add, loss, memory, schedule, brake, fair, model. All but the last four if not given."`

	PrivateRedis bool          `help:"Start a redis-server of its own for the time, without persistence, and ignore the configuration file."`
	Samples      int           `help:"Tasks of pickup, and pauses of brake." default:"200"`
	Idle         time.Duration `help:"How long an idle worker's Redis commands are counted." default:"10s"`
	Tasks        int           `help:"Tasks of each round of drain, stream and add." default:"50000"`
	Rounds       int           `help:"Rounds of drain, stream and add." default:"3"`
	Slots        []int         `help:"Slots with which to drain." default:"10,64"`
	Kills        int           `help:"Workers of Switchyard to kill." default:"10"`
	AsynqKills   int           `help:"Workers of asynq to kill; each takes up to three minutes." default:"1"`
	Fetchers     int           `help:"Tasks taken from Redis at once; 0 for the default."`
	Settle       time.Duration `help:"How long an idle process is left alone before its memory is read." default:"5s"`
	Entries      []int         `help:"How many schedule entries fall due at once, smallest first." default:"1000,10000,100000"`
	Programs     int           `help:"Programs of one user that brake stops at once." default:"100"`
	Crowd        int           `help:"Tasks of one user, behind which others wait in fair." default:"1000"`
	Asynq        bool          `name:"asynq-schedulers" negatable:"" help:"Measure asynq's schedulers too, up to 10,000 entries; each waits for a whole minute." default:"true"`
	Scheduler    string        `help:"The scheduler binary. The one beside this program if not given." placeholder:"FILE"`
	Worker       string        `help:"The worker binary. The one beside this program if not given." placeholder:"FILE"`
}

// Run implements the command. The report goes to standard output, whatever else is to be
// said to standard error.
func (cmd measureCommand) Run(f *config.Flags, out *command.Output) error {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	context.AfterFunc(ctx, release) // a second Ctrl-C does not wait for the cleaning up
	private := ""
	if cmd.PrivateRedis {
		if f.Redis != nil {
			return errors.New("--redis and --private-redis are both given: leave one out")
		}
		url, stop, err := bench.StartRedis(ctx)
		if err != nil {
			return err
		}
		defer stop()
		private, f.Config = url, ""
	}
	override := func(c *config.Config) {
		if private != "" {
			c.Redis = config.Default().Redis
			c.Redis.URL = private
		}
		// It is a guest of whatever deployment has the database, and obeys nobody else.
		c.Control.Namespace, c.Control.Channels = app.DeploymentName(*c), deployment.Ignore
		c.Redis.Prefix = bench.Prefix
		addAgents(c)
		if f.LogLevel == nil {
			c.Log.Level = "warn"
		}
	}
	return app.Main(*f, override, func(c config.Config, log *zap.Logger) error {
		s, err := app.Open(c, log)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		if err := s.Cache.Check(ctx); err != nil {
			return err
		}
		return cmd.measure(ctx, s, f.Config, out)
	})
}

// measure runs the bench and prints its report, also that of a run cut short.
func (cmd measureCommand) measure(ctx context.Context, s *app.System, file string, out *command.Output) error {
	options, err := cmd.options(s, file)
	if err != nil {
		return err
	}
	p := progress.New(os.Stderr)
	options.Progress = p.Show
	_, _ = fmt.Fprintf(os.Stderr, "Measuring %s on %s.\nThis adds tasks to queues of its own%s, and removes everything it wrote when it ends. Ctrl-C ends it early.\n",
		strings.Join(options.Workloads, ", "), redact.URL(s.Config.Redis.URL), cmd.more(options))
	report, err := bench.Run(ctx, options)
	p.Clear()
	if len(report.Figures) > 0 || err == nil {
		if out.JSON {
			err = errors.Join(err, out.Encode(report))
		} else {
			err = errors.Join(err, report.WriteTable(out))
		}
	}
	return errors.Join(err, report.Err())
}

// more says what the workloads with real workers do besides.
func (cmd measureCommand) more(o bench.Options) string {
	more := ""
	if slices.Contains(o.Workloads, bench.Loss) {
		more += fmt.Sprintf(" and to %s, starts workers and kills them", o.PageQueue)
	}
	if slices.Contains(o.Workloads, bench.Memory) {
		more += fmt.Sprintf(", starts a worker of %s", strings.Join(o.Queues, ", "))
	}
	if slices.Contains(o.Workloads, bench.Schedule) {
		more += fmt.Sprintf(" and to %s and %s, starts schedulers", o.Timetable.EntryQueue, o.Timetable.UserQueue)
	}
	if slices.ContainsFunc([]string{bench.Brake, bench.Fair, bench.Models}, func(w string) bool { return slices.Contains(o.Workloads, w) }) {
		more += fmt.Sprintf(" and to %s, starts workers, and pauses users whose ids begin with bench-", o.Agents.Queue)
	}
	return more
}

// options fills in what the workloads need of the system.
func (cmd measureCommand) options(s *app.System, file string) (bench.Options, error) {
	route, err := s.Routing.Route(scraping.KindPage)
	if err != nil {
		return bench.Options{}, err
	}
	o := bench.Options{
		Redis: s.Redis, Workloads: cmd.Workload,
		Samples: cmd.Samples, Idle: cmd.Idle, Tasks: cmd.Tasks, Rounds: cmd.Rounds, Slots: cmd.Slots,
		Kills: cmd.Kills, AsynqKills: cmd.AsynqKills, Settle: cmd.Settle, Fetchers: cmd.Fetchers,
		Poll: s.Config.Worker.Poll, Queues: s.Config.QueueNames(),
		Pages: s.Queue, PageQueue: route.Queue, Programs: cmd.Programs, Crowd: cmd.Crowd,
	}
	if len(o.Workloads) == 0 {
		o.Workloads = []string{bench.Pickup, bench.Drain, bench.Stream, bench.Add, bench.Loss, bench.Memory}
	}
	self, err := os.Executable()
	if err != nil {
		return o, err
	}
	beside := filepath.Dir(self)
	worker := cmp.Or(cmd.Worker, filepath.Join(beside, "worker"))
	if slices.ContainsFunc([]string{bench.Loss, bench.Memory, bench.Brake, bench.Fair, bench.Models}, func(w string) bool { return slices.Contains(o.Workloads, w) }) {
		if _, err := exec.LookPath(worker); err != nil {
			return o, fmt.Errorf("the worker binary cannot be run: %w: build it with make build, name it with --worker, or leave out the workloads loss, memory, brake, fair and model", err)
		}
	}
	scheduler := cmp.Or(cmd.Scheduler, filepath.Join(beside, "scheduler"))
	if slices.Contains(o.Workloads, bench.Schedule) {
		if _, err := exec.LookPath(scheduler); err != nil {
			return o, fmt.Errorf("the scheduler binary cannot be run: %w: build it with make build, or name it with --scheduler", err)
		}
	}
	environ := cmd.environ(s.Config, file)
	start := func(program string, args ...string) *exec.Cmd {
		c := exec.Command(program, args...)
		c.Env = environ
		return c
	}
	o.Worker = func(queues []string) *exec.Cmd {
		return start(worker, "--queues", strings.Join(queues, ","), "--listen", "127.0.0.1:0")
	}
	o.AsynqWorker = func(queues []string) *exec.Cmd {
		return start(self, "asynq-worker", "--queues", strings.Join(queues, ","))
	}
	o.Entries, o.AsynqSchedulers = cmd.Entries, cmd.Asynq
	o.Timetable, err = newTimetable(s)
	o.Timetable.Scheduler = func() *exec.Cmd { return start(scheduler, "--listen", "127.0.0.1:0") }
	o.Timetable.AsynqScheduler = func(mode string, entries int, due time.Time) *exec.Cmd {
		return start(self, "asynq-scheduler", "--mode", mode, "--entries", strconv.Itoa(entries), "--minute", due.Format(time.RFC3339))
	}
	o.Agents = newAgents(s, start, worker, self)
	return o, err
}

// environ is the environment of the worker processes: this one's, but for a private
// Redis, where the defaults are measured.
func (cmd measureCommand) environ(c config.Config, file string) []string {
	environ := os.Environ()
	if cmd.PrivateRedis {
		environ = slices.DeleteFunc(environ, func(v string) bool { return strings.HasPrefix(v, "SWITCHYARD_") })
	} else if file != "" {
		environ = append(environ, config.FileVariable+"="+file)
	}
	return append(environ,
		"SWITCHYARD_REDIS_URL="+named(c.Redis.URL),
		"SWITCHYARD_REDIS_PREFIX="+c.Redis.Prefix,
		"SWITCHYARD_CONTROL_NAMESPACE="+c.Control.Namespace,
		"SWITCHYARD_CONTROL_CHANNELS="+string(c.Control.Channels),
		"SWITCHYARD_FETCHER_ALLOW_PRIVATE=true",
		// The pages are those of one server, which is there to be asked.
		"SWITCHYARD_FETCHER_POLITENESS_SPACING=0s",
		"SWITCHYARD_FETCHER_POLITENESS_CONCURRENCY=1000",
		"SWITCHYARD_FETCHER_POLITENESS_ROBOTS=false")
}

// named returns a Redis URL whose connections have the name by which the bench counts them.
func named(redisURL string) string {
	u, err := url.Parse(redisURL)
	if err != nil {
		return redisURL // whoever connects says what is wrong with it
	}
	q := u.Query()
	q.Set("client_name", bench.ClientName)
	u.RawQuery = q.Encode()
	return u.String()
}
