package lane

import (
	"context"
	"maps"
	"slices"
	"time"

	"switchyard/internal/tasks"
)

const (
	janitorEvery = time.Minute
	// janitorLooks is how many ids of each list or set it looks at in one go.
	janitorLooks = 1000
)

// janitor deletes what is past its retention, and drops the ids whose data is gone from the
// lists and sets of a queue.
type janitor struct {
	source *source
	places map[string]int // where to go on, by list or set
}

func newJanitor(s *source) *janitor {
	return &janitor{source: s, places: map[string]int{"pending": 0, "scheduled": 0, "retry": 0, "archived": 0, "completed": 0}}
}

// janitorAsk is what janitor.lua is asked for.
type janitorAsk struct {
	At   map[string]int `json:"at"`
	Most int            `json:"most"`
	Day  string         `json:"day"`
}

// run cleans until ctx ends.
func (j *janitor) run(ctx context.Context) {
	for tasks.Sleep(ctx, janitorEvery) == nil {
		j.clean(ctx)
	}
}

func (j *janitor) clean(ctx context.Context) {
	l := j.source.lane
	parts := keysOf(j.source, append(slices.Collect(maps.Keys(j.places)), "active", "lease", "groups", "processed", "failed"))
	if there, err := l.Redis.Exists(ctx, parts...).Result(); err == nil && there == 0 {
		return // nothing to be asked about one by one
	}
	answer, err := run(ctx, l.Redis, janitorScript, j.source, 2, janitorAsk{j.places, janitorLooks, time.Now().UTC().Format(time.DateOnly)})
	if err != nil {
		l.health.failed(err)
		return
	}
	next, _ := answer[0].([]any)
	for i := 0; i+1 < len(next); i += 2 {
		name := reply(next).text(i)
		j.places[name] = int(reply(next).number(i + 1))
	}
	l.sayOdd(j.source, answer.texts(1))
}
