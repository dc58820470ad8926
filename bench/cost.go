package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// cost is what Redis has spent since its start, in microseconds.
type cost struct {
	// commands is the time of all commands. Redis counts one inside a script twice: for
	// itself, and within its script.
	commands float64
	// processor is the time of its processors, reading and writing included.
	processor float64
	known     bool // false of a Redis that does not say
}

// spent asks every master what it has spent.
func (r *run) spent(ctx context.Context) (cost, error) {
	var mu sync.Mutex
	sum := cost{known: true}
	err := eachMaster(ctx, r.Redis, func(ctx context.Context, master *redis.Client) error {
		stats, err := master.Info(ctx, "commandstats").Result()
		var cpu string
		if err == nil {
			cpu, err = master.Info(ctx, "cpu").Result()
		}
		mu.Lock()
		defer mu.Unlock()
		var refused redis.Error
		if errors.As(err, &refused) {
			sum.known = false
			return nil
		}
		if err != nil {
			return fmt.Errorf("ask Redis what it has spent: %w", err)
		}
		commands, processor := commandTime(stats), processorTime(cpu)
		sum.commands, sum.processor, sum.known = sum.commands+commands, sum.processor+processor, sum.known && commands > 0
		return nil
	})
	return sum, err
}

// commandTime adds up the usec of the lines cmdstat_get:calls=1,usec=2,... of INFO commandstats.
func commandTime(info string) (sum float64) {
	for line := range strings.Lines(info) {
		_, values, ok := strings.Cut(line, ":")
		if !ok || !strings.HasPrefix(line, "cmdstat_") {
			continue
		}
		for value := range strings.SplitSeq(strings.TrimSpace(values), ",") {
			if text, ok := strings.CutPrefix(value, "usec="); ok {
				usec, _ := strconv.ParseFloat(text, 64) // a line that is none counts nothing
				sum += usec
			}
		}
	}
	return sum
}

// processorTime adds up the seconds of INFO cpu that are the server's own.
func processorTime(info string) (sum float64) {
	for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
		text, _ := field(info, name)
		seconds, _ := strconv.ParseFloat(text, 64)
		sum += seconds * 1e6
	}
	return sum
}

// costs holds what a task has cost Redis in several rounds.
type costs struct{ commands, processor both }

// add notes a round of so many tasks.
func (c *costs) add(ours bool, before, after cost, tasks int) {
	// Counts that were set back meanwhile say nothing.
	if before.known && after.known && after.commands > before.commands {
		c.commands.add(ours, (after.commands-before.commands)/float64(tasks))
		c.processor.add(ours, (after.processor-before.processor)/float64(tasks))
	}
}

// figures are what a task of a drain has cost.
func (c *costs) figures(slots int) []Figure {
	return []Figure{
		c.commands.into(Figure{ID: fmt.Sprintf("drain.%d.commands", slots), Label: fmt.Sprintf("drain, %d slots, time of Redis's commands", slots), Unit: "µs/task", Better: "lower"}),
		c.processor.into(Figure{ID: fmt.Sprintf("drain.%d.processor", slots), Label: fmt.Sprintf("drain, %d slots, Redis's processor", slots), Unit: "µs/task", Better: "lower"}),
	}
}
