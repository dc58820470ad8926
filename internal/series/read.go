package series

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Point is what there was within one step of time.
type Point struct {
	At time.Time // the beginning of the step
	// How many attempts ended, by outcome.
	Succeeded, Retried, Dead, Other int64
	// Waited is how long their tasks had waited since they could run, and Took how long they took.
	Waited, Took Spread
	// Depth is how full the queue was, nil if nobody has looked.
	Depth *Depth
}

// Depth is how full a queue was: the most of each that was seen within a step.
type Depth struct {
	Waiting, Running, Scheduled, Retrying, Dead int64
	// Oldest is how long the oldest task that could run had waited.
	Oldest time.Duration
}

// Series are the points of a queue, the oldest first.
type Series struct {
	Queue  string
	Points []Point
}

// Reading is what was read: the points of each queue in the order that was asked for, and of all of
// them together.
type Reading struct {
	Queues []Series
	Total  []Point
}

// Read returns the points of queues from one time to another, in steps; each is rounded down to a
// whole minute. It takes one round trip, whatever is in Redis. What is damaged there counts as nothing.
func (s *Store) Read(ctx context.Context, queues []string, from, to time.Time, step time.Duration) (Reading, error) {
	g := grid{from.Unix() / 60, to.Unix() / 60, max(1, int64(step/time.Minute))}
	asked := make([][]*redis.SliceCmd, len(queues))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, queue := range queues {
			for hour := g.first / 60; hour*60 < g.end; hour++ {
				asked[i] = append(asked[i], p.HMGet(ctx, s.key(queue, hour), g.fields(hour)...))
			}
		}
		return nil
	})
	if err != nil && !isAnswer(err) {
		return Reading{}, fmt.Errorf("read the figures of queues: %w", err)
	}
	total := g.sums()
	var all Reading
	for i, queue := range queues {
		sums := g.sums()
		for n, reply := range asked[i] {
			if err := reply.Err(); err != nil && !isAnswer(err) {
				return Reading{}, fmt.Errorf("read the figures of queue %s: %w", queue, err)
			}
			g.fill(sums, total, g.first/60+int64(n), reply.Val())
		}
		all.Queues = append(all.Queues, Series{queue, g.points(sums)})
	}
	all.Total = g.points(total)
	return all, nil
}

// grid is what is read: minutes since 1970, from the first one up to before the end, and how many make
// a step.
type grid struct{ first, end, step int64 }

// within returns the minutes of an hour that are read.
func (g grid) within(hour int64) (first, end int64) {
	return max(g.first, hour*60), min(g.end, (hour+1)*60)
}

// fields are the names of what is read of an hour: for each minute its counts and its sample. To ask
// for these alone bounds the answer, whatever else is in the hash.
func (g grid) fields(hour int64) []string {
	first, end := g.within(hour)
	names := make([]string, 0, 2*(end-first))
	for minute := first; minute < end; minute++ {
		name := strconv.FormatInt(minute%60, 10)
		names = append(names, name, "s"+name)
	}
	return names
}

// sum is what comes together in the minutes of all steps.
type sum struct {
	steps  []vector // by step
	depths []sample // by minute
	looked []bool   // by minute: there is a sample
}

func (g grid) sums() *sum {
	minutes := max(0, g.end-g.first)
	return &sum{make([]vector, (minutes+g.step-1)/g.step), make([]sample, minutes), make([]bool, minutes)}
}

// fill adds what was read of an hour of a queue to its sums and to those of all.
func (g grid) fill(sums, total *sum, hour int64, values []any) {
	first, _ := g.within(hour)
	for i, value := range values {
		text, ok := value.(string)
		if !ok {
			continue
		}
		minute := first + int64(i/2) - g.first
		if i%2 == 0 {
			var v vector
			read(text, v[:])
			sums.steps[minute/g.step].add(&v)
			total.steps[minute/g.step].add(&v)
			continue
		}
		var one sample
		read(text, one[:])
		for _, to := range []*sum{sums, total} {
			to.depths[minute] = to.depths[minute].with(one)
			to.looked[minute] = true
		}
	}
}

// oldest is the place of an age in a sample; all else there are counts.
const oldest = len(sample{}) - 1

// with returns the sample of two queues together.
func (s sample) with(other sample) sample {
	for i := range oldest {
		s[i] += other[i]
	}
	s[oldest] = max(s[oldest], other[oldest])
	return s
}

// points returns the points that sums make.
func (g grid) points(sums *sum) []Point {
	points := make([]Point, len(sums.steps))
	for i := range points {
		v := &sums.steps[i]
		points[i] = Point{
			At:        time.Unix((g.first+int64(i)*g.step)*60, 0).UTC(),
			Succeeded: v[succeeded], Retried: v[retried], Dead: v[dead], Other: v[other],
			Waited: spreadOf(v[waitHistogram:tookHistogram]), Took: spreadOf(v[tookHistogram:]),
		}
	}
	for minute, is := range sums.depths {
		if sums.looked[minute] {
			p := &points[int64(minute)/g.step]
			p.Depth = p.Depth.deepest(is)
		}
	}
	return points
}

// deepest returns the most of each in a depth, which may be nil, and in a sample.
func (d *Depth) deepest(is sample) *Depth {
	if d == nil {
		d = &Depth{}
	}
	for i, to := range []*int64{&d.Waiting, &d.Running, &d.Scheduled, &d.Retrying, &d.Dead} {
		*to = max(*to, is[i])
	}
	d.Oldest = max(d.Oldest, time.Duration(is[oldest])*time.Millisecond)
	return d
}
