package lane

import (
	"context"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
)

// labelAtOnce bounds the messages that are read together, each of which may have a megabyte.
const labelAtOnce = 100

type labelAsk struct {
	Items []labelItem `json:"items"`
}

type labelItem struct {
	ID     string `json:"id"`
	Labels string `json:"labels"`
}

// label adds tasks to the index that it does not know. Their labels are in their messages, which
// no script can read. It reports whether Redis has taken them all.
func (j *janitor) label(ctx context.Context, ids []string) bool {
	l := j.source.lane
	for len(ids) > 0 {
		some := ids[:min(labelAtOnce, len(ids))]
		ids = ids[len(some):]
		answer, err := j.source.ask(ctx, labelScript, 1, labelAsk{j.labelsOf(ctx, some)})
		if err != nil {
			l.health.failed(err)
			return false
		}
		j.source.sayOdd(answer.texts(0))
	}
	return true
}

// labelsOf reads the labels of tasks. One whose message cannot be read has none.
func (j *janitor) labelsOf(ctx context.Context, ids []string) []labelItem {
	queue := j.source.queue
	replies := make([]*redis.StringCmd, len(ids))
	_, _ = j.source.lane.Redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			replies[i] = p.HGet(ctx, format.TaskKey(queue, id), "msg")
		}
		return nil
	})
	items := make([]labelItem, 0, len(ids))
	for i, id := range ids {
		text, err := replies[i].Result()
		if err != nil {
			continue // it is gone, or Redis is: the next look finds it
		}
		item := labelItem{ID: id}
		if m, err := format.Decode(text); err == nil {
			item.Labels = format.LabelsOf(m).String()
		}
		items = append(items, item)
	}
	return items
}

type unlabelAsk struct {
	At   map[string]int `json:"at"`
	Most int            `json:"most"`
}

// unlabel removes from a part of the index what is no task any more, and reports whether there may
// be more of that.
func (j *janitor) unlabel(ctx context.Context) (more bool) {
	l := j.source.lane
	answer, err := j.source.ask(ctx, unlabelScript, 3, unlabelAsk{j.kinds, janitorLooks})
	if err != nil {
		l.health.failed(err)
		return false
	}
	clear(j.kinds)
	halfway := takePlaces(j.kinds, answer.list(0))
	j.source.sayOdd(answer.texts(2))
	return answer.number(1) > 0 && halfway
}
