package celery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/celery/wire"
	"switchyard/internal/tasks"
)

// Foreseen is what a door makes of a message.
type Foreseen struct {
	// Task is its name in Celery, "" if that cannot be read.
	Task string
	// Here says that it becomes New, a task of Kind. Otherwise it is the remaining Celery workers'.
	Here bool
	Kind Kind
	New  tasks.New
	// Why says why no task can be made of it, a *[wire.Refused].
	Why error

	message wire.Message // as a whole, or nothing of it
}

// Foresee returns what a door with these options makes of a message. It asks nobody and changes nothing.
func (o Options) Foresee(text string, now time.Time) Foreseen {
	m, err := wire.Decode([]byte(text), o.MaxMessage, now)
	f := Foreseen{Task: m.Task, message: m}
	of := m
	if refusal := asRefused(err); refusal != nil {
		f.Task = refusal.Task
		of = wire.Message{ID: refusal.ID, Task: refusal.Task} // whoever performs it may understand it
	}
	f.Kind, f.Here = o.performs(of)
	switch {
	case f.Task != "" && !f.Here:
	case err != nil:
		f.Why = err
	default:
		f.New, f.Why = o.translate(m, f.Kind, now)
	}
	return f
}

// Intake returns the list that messages are moved to from a list of Celery's.
func Intake(prefix, list string) string { return prefix + "celery:intake:" + list }

// Dead returns the list that keeps the messages which were refused.
func Dead(prefix string) string { return prefix + "celery:dead" }

// OnDuty returns the name of the worker that takes messages in, "" if none does.
func OnDuty(ctx context.Context, client redis.UniversalClient, prefix string) (string, error) {
	node, err := client.Get(ctx, dutyKey(prefix)).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("ask who is on duty at the door of Celery: %w", err)
	}
	return node, nil
}

// dutyKey is the name of the worker on duty, for as long as that is believed.
func dutyKey(prefix string) string { return prefix + "{celery}:duty" }
