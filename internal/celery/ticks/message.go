package ticks

import (
	"cmp"
	"fmt"

	"switchyard/internal/celery/broker"
	"switchyard/internal/celery/wire"
)

// message returns the message of a task with an id, or says why a payload cannot be one.
func (s *Sender) message(kind string, payload []byte, queue, id string) (wire.Message, error) {
	k := s.Kinds[kind]
	queue = cmp.Or(queue, k.Queue)
	if err := checkQueue(queue); err != nil {
		return wire.Message{}, fmt.Errorf("%s: %w", kind, err)
	}
	args, kwargs, err := wire.Arguments(payload, k.Args)
	if err != nil {
		return wire.Message{}, fmt.Errorf("%s: payload: %w", kind, err)
	}
	return wire.Message{
		Protocol: 2, ID: id, Task: k.Task, Args: args, Kwargs: kwargs,
		Origin: broker.Origin, Priority: k.Priority, RoutingKey: queue,
	}, nil
}
