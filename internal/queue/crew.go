package queue

import "context"

// crew runs handlers on goroutines that it keeps until a context ends. Decoding a payload
// takes a deep stack: on a new goroutine for each short task, growing it was a tenth of
// the worker's time.
type crew struct {
	jobs chan func()
	end  context.Context
}

func newCrew(end context.Context) *crew { return &crew{jobs: make(chan func()), end: end} }

// run starts job at once, on a goroutine that is free or a new one.
func (c *crew) run(job func()) {
	select {
	case c.jobs <- job:
	default:
		go c.work(job)
	}
}

func (c *crew) work(job func()) {
	for {
		job()
		select {
		case job = <-c.jobs:
		case <-c.end.Done():
			return
		}
	}
}
