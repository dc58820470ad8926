package app

import (
	"cmp"
	"fmt"

	door "switchyard/internal/celery"
	"switchyard/internal/celery/mailbox"
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/tasks"
)

// overhead is what a message may have beside its arguments, in bytes: its envelope, what follows it.
const overhead = 1 << 20

// newDoor returns the worker's part of the Celery door, nil if there is nobody on the other side.
func (w *Worker) newDoor() (*door.Door, error) {
	s, c := w.system, w.system.Config.Celery
	if s.celery == nil {
		return nil, nil
	}
	kinds := map[string]door.Kind{}
	for name, k := range c.Kinds {
		if k.Runtime == config.RuntimePython {
			continue
		}
		route, err := s.Routing.Route(name)
		if err == nil {
			_, err = s.Catalog.Lookup(name)
		}
		if err != nil {
			return nil, fmt.Errorf("celery.kinds.%s: %w; give runtime: python to what Celery's workers perform", name, err)
		}
		percent, err := k.Percent()
		if err != nil {
			return nil, err
		}
		kinds[cmp.Or(k.Task, name)] = door.Kind{Name: name, Queue: route.Queue, CeleryQueue: k.Queue, Args: k.Args, User: k.User, Input: k.Input, Percent: percent}
	}
	slots := map[string]int{}
	for name, q := range w.queues {
		slots[name] = q.Concurrency
	}
	return door.New(door.Options{
		Queues: c.Queues, DefaultQueue: c.DefaultQueue, Routes: c.Routes, PythonSuffix: c.PythonSuffix, Kinds: kinds,
		ResultPrefix: c.ResultPrefix, ResultExpires: c.ResultExpires, ResultExtended: c.ResultExtended, TrackStarted: c.TrackStarted,
		MaxMessage: s.Config.Tasks.MaxPayload + overhead, Node: mailbox.NewName(), Slots: slots,
		Version: command.ThisVersion().Release, Events: c.Events, Heartbeat: c.Heartbeat,
	}, door.Deps{
		Redis: s.Redis, Prefix: s.Config.Redis.Prefix, Broker: s.celery.broker, Backend: s.celery.backend,
		Queue: s.Queue, Tasks: s.Queue, Running: w.running, OurQueues: s.Config.QueueNames(), Metrics: door.NewMetrics(s.Metrics), Log: s.Log,
	}), nil
}

// running returns what the worker runs of what came through the door.
func (w *Worker) running() []tasks.Reply {
	if lanes := w.consuming.Load(); lanes != nil {
		return lanes.Running()
	}
	return nil
}
