package bench

import (
	"errors"
	"fmt"
	"slices"
)

// ErrInUse is the error of a Redis that others use.
var ErrInUse = errors.New("this Redis is in use")

// refuseIfUsed returns an error if any of queues holds a task, finished ones included, or
// if a worker consumes it: the bench would take the worker's tasks, or it the bench's.
func (r *run) refuseIfUsed(queues []string) error {
	for _, queue := range queues {
		info, err := r.look(queue)
		if err != nil {
			return err
		}
		if info.Size+info.Completed > 0 {
			return fmt.Errorf("%w: queue %s holds %d tasks, finished ones included: use an empty Redis or --private-redis, or leave out the workloads that need the queue",
				ErrInUse, queue, info.Size+info.Completed)
		}
	}
	servers, err := r.inspector.Servers()
	if err != nil {
		return fmt.Errorf("look for workers: %w", err)
	}
	for _, s := range servers {
		for queue := range s.Queues {
			if slices.Contains(queues, queue) {
				return fmt.Errorf("%w: process %d on %s consumes queue %s: stop it, or use an empty Redis or --private-redis; one that was killed counts for half a minute more",
					ErrInUse, s.PID, s.Host, queue)
			}
		}
	}
	return nil
}
