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
	// janitorPause leaves Redis to others while there is much to do.
	janitorPause = 20 * time.Millisecond
	// janitorLooks is how many ids of each list or set it looks at in one go.
	janitorLooks = 1000
)

// janitor deletes what is past its retention, drops the ids whose data is gone from the lists and
// sets of a queue, and keeps the index true to what others have added and deleted.
type janitor struct {
	source *source
	places map[string]int // where to go on, by list or set
	kinds  map[string]int // where to go on, by kind, in the index
}

func newJanitor(s *source) *janitor {
	return &janitor{source: s, places: map[string]int{"pending": 0, "scheduled": 0, "retry": 0, "archived": 0, "completed": 0}, kinds: map[string]int{}}
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
		for j.clean(ctx) && tasks.Sleep(ctx, janitorPause) == nil {
		}
		for j.unlabel(ctx) && tasks.Sleep(ctx, janitorPause) == nil {
		}
	}
}

// clean looks at a part of the queue, and reports whether there is more of what it has found there.
func (j *janitor) clean(ctx context.Context) (more bool) {
	l := j.source.lane
	parts := j.source.keysOf(append(slices.Collect(maps.Keys(j.places)), "active", "lease", "groups", "processed", "failed"))
	if there, err := l.Redis.Exists(ctx, parts...).Result(); err == nil && there == 0 {
		return false // nothing to be asked about one by one
	}
	answer, err := j.source.ask(ctx, janitorScript, 4, janitorAsk{j.places, janitorLooks, time.Now().UTC().Format(time.DateOnly)})
	if err != nil {
		l.health.failed(err)
		return false
	}
	halfway := takePlaces(j.places, answer.list(0))
	j.source.sayOdd(answer.texts(1))
	unlabelled := answer.texts(3)
	if len(unlabelled) > 0 && !j.label(ctx, unlabelled) {
		return false
	}
	return answer.number(2) == janitorLooks || len(unlabelled) > 0 && halfway
}

// takePlaces notes where to go on, given as name, place, ..., and reports whether that is anywhere
// but at the beginning of all.
func takePlaces(places map[string]int, next reply) (halfway bool) {
	for ; len(next) >= 2; next = next[2:] {
		places[next.text(0)] = int(next.number(1))
		halfway = halfway || next.number(1) > 0
	}
	return halfway
}
