package app

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"switchyard/internal/celery/remote"
	"switchyard/internal/config"
	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// remoteKinds returns the kinds whose attempts Celery's workers perform.
func remoteKinds(c config.Config) map[string]remote.Kind {
	kinds := make(map[string]remote.Kind)
	for name, k := range c.Celery.Governs() {
		kinds[name] = remote.Kind{Task: k.Task, Args: k.Args, User: k.User, Input: k.Input, Queue: k.Queue, Priority: k.Priority}
	}
	return kinds
}

// newRemote returns what has Celery's workers perform tasks, nil if there are none.
func (w *Worker) newRemote() *remote.Remote {
	s := w.system
	kinds := remoteKinds(s.Config)
	if len(kinds) == 0 {
		return nil
	}
	return remote.New(kinds, remote.Deps{
		Redis: s.Redis, Prefix: s.Config.Redis.Prefix, Broker: s.celery.broker, Backend: s.celery.backend, ResultPrefix: s.Config.Celery.ResultPrefix,
		Queue: s.Queue, Brake: s.Guard, Brakes: s.Brake, Progress: w.keepRemoteProgress, Log: s.Log,
	})
}

// keepRemoteProgress keeps how far an attempt is that a worker of Celery's makes, and tells all whom one
// of our own would tell.
func (w *Worker) keepRemoteProgress(ctx context.Context, name tasks.Name, attempt int, progress []byte) error {
	status, found, err := w.system.Queue.Status(ctx, name.Queue, name.ID)
	if err != nil || !found || status.State.Ended() || bytes.Equal(status.Progress, progress) {
		return err
	}
	if envelope := status.Headers[format.ReplyHeader]; w.door != nil && json.Valid([]byte(envelope)) {
		ctx = tasks.WithProgress(ctx, func(progress []byte) { w.door.Reply(progressReply(status, envelope, progress)) })
	}
	t := &tasks.Task{ID: name.ID, Kind: status.Kind, Queue: name.Queue, Payload: status.Payload, Run: status.Run, Attempt: attempt}
	return w.system.keepOwnProgress(ctx, t, progress)
}

// progressReply is what there is to tell of a task's progress to whoever has sent it by Celery.
func progressReply(status tasks.Status, envelope string, progress []byte) tasks.Reply {
	now := time.Now().UTC()
	return tasks.Reply{
		Queue: status.Queue, ID: status.ID, Kind: status.Kind, Envelope: json.RawMessage(envelope), State: tasks.StateRunning,
		Progress: progress, At: now, Retried: status.Retried,
	}
}
