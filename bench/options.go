package bench

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// The workloads.
const (
	Pickup = "pickup" // how long a task waits for an idle worker
	Drain  = "drain"  // how fast a full queue is emptied
	Stream = "stream" // how fast tasks go through that are added meanwhile
	Add    = "add"    // how fast many tasks are added
	Loss   = "loss"   // how long the task of a killed worker waits to run again
	Memory = "memory" // what a worker process holds, idle and under load
	// Schedule is how late schedulers are when many entries are due at once.
	Schedule = "schedule"
	Brake    = "brake" // how soon a pause stops what runs
	Fair     = "fair"  // how long users wait behind another one's crowd of tasks
	Models   = "model" // what an agent that is a language model takes beside the model
)

// Options say what is measured, and with what.
type Options struct {
	// Redis is used by both systems. It gets a hook that counts commands.
	Redis     redis.UniversalClient
	Workloads []string

	Samples    int           // tasks of pickup, pauses of brake
	Idle       time.Duration // over which an idle worker's commands are counted
	Tasks      int           // of each round of drain, stream and add
	Rounds     int           // of drain, stream and add
	Slots      []int         // with each of which drain runs
	Kills      int           // of our workers
	AsynqKills int           // of asynq's
	Settle     time.Duration // before an idle process's memory is read

	Poll     time.Duration // of our lanes, as configured
	Fetchers int           // of our lanes; 0 for their default

	// Worker and AsynqWorker return the command of a worker process of the given queues.
	Worker, AsynqWorker func(queues []string) *exec.Cmd
	// Queues are those an idle worker process consumes.
	Queues []string
	// Pages adds tasks of the kind scrape_page, which go to PageQueue.
	Pages     tasks.Enqueuer
	PageQueue string

	// Timetable is for the workload schedule, Entries how many entries are due at once,
	// smallest first, and AsynqSchedulers whether asynq's are measured too.
	Timetable       Timetable
	Entries         []int
	AsynqSchedulers bool

	// Agents is for the workloads brake, fair and model, Programs how many of a user brake stops,
	// and Crowd how many tasks of one user others wait behind in fair.
	Agents          Agents
	Programs, Crowd int

	// Progress is told how far a phase has come.
	Progress func(phase string, done, total int)
}

// Settings are the options that a reader of the figures must know.
type Settings struct {
	Workloads   []string `json:"workloads"`
	Samples     int      `json:"samples"`
	IdleSeconds float64  `json:"idle_seconds"`
	Tasks       int      `json:"tasks"`
	Rounds      int      `json:"rounds"`
	Slots       []int    `json:"slots"`
	Kills       int      `json:"kills"`
	AsynqKills  int      `json:"asynq_kills"`
	Fetchers    int      `json:"fetchers"`
	PayloadSize int      `json:"payload_bytes"`
	Entries     []int    `json:"entries,omitempty"`
	Programs    int      `json:"programs,omitempty"`
	Crowd       int      `json:"crowd,omitempty"`
}

func (o Options) settings() Settings {
	return Settings{
		Workloads: o.Workloads, Samples: o.Samples, IdleSeconds: o.Idle.Seconds(), Tasks: o.Tasks, Rounds: o.Rounds,
		Slots: o.Slots, Kills: o.Kills, AsynqKills: o.AsynqKills, Fetchers: o.Fetchers, PayloadSize: payloadSize,
		Entries: o.Entries, Programs: o.Programs, Crowd: o.Crowd,
	}
}

// check names the first option that cannot be used, by its flag.
func (o Options) check() error {
	type number struct {
		flag             string
		value, low, high int
	}
	numbers := []number{
		{"--samples", o.Samples, 1, 100_000},
		{"--tasks", o.Tasks, 2, 10_000_000},
		{"--rounds", o.Rounds, 1, 100},
		{"--kills", o.Kills, 0, 1000},
		{"--asynq-kills", o.AsynqKills, 0, 1000},
		{"--fetchers", o.Fetchers, 0, 1000},
		{"--programs", o.Programs, 0, brakeWorkers*brakeSlots - bystanders},
		{"--crowd", o.Crowd, 0, 100_000},
	}
	for _, entries := range o.Entries {
		numbers = append(numbers, number{"--entries", entries, 1, 1_000_000})
	}
	for _, slots := range o.Slots {
		numbers = append(numbers, number{"--slots", slots, 1, 10_000})
	}
	for _, n := range numbers {
		if n.value < n.low || n.value > n.high {
			return fmt.Errorf("%s is %d: use %d to %d", n.flag, n.value, n.low, n.high)
		}
	}
	if o.Idle < time.Second || o.Idle > time.Hour {
		return fmt.Errorf("--idle is %s: use 1s to 1h", o.Idle)
	}
	if o.Settle < 0 || o.Settle > time.Hour {
		return fmt.Errorf("--settle is %s: use 0s to 1h", o.Settle)
	}
	for _, name := range o.Workloads {
		if !slices.ContainsFunc(workloads, func(w workload) bool { return w.name == name }) {
			return fmt.Errorf("workload %q is unknown: use some of %s", name, strings.Join(Workloads(), ", "))
		}
	}
	return nil
}

// Workloads returns the names of all workloads, in the order in which they run.
func Workloads() []string {
	names := make([]string, len(workloads))
	for i, w := range workloads {
		names[i] = w.name
	}
	return names
}
