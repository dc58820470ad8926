package oracle

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// crowd puts a task of ours into each state and keeps a worker running until the test ends.
func crowd(t *testing.T, client redis.UniversalClient) *rig {
	t.Helper()
	running := make(chan struct{})
	r := newRig(t, client, routing.Patch{Retries: new(3)}, func(ctx context.Context, _ *tasks.Task, p probe) (any, error) {
		switch p.Text {
		case "succeed":
			return "done", nil
		case "retry":
			return nil, tasks.RetryAfter(time.Hour, errBoom)
		case "die":
			return nil, tasks.Permanent(errBoom)
		case "park":
			return nil, tasks.Parked("brake")
		}
		close(running)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	startOurs(t, r, lane.Options{Queue: routing.Agents, Concurrency: 2, PerUser: 1})
	for _, text := range []string{"succeed", "retry", "die", "park"} {
		r.add(t, probe{Text: text}, tasks.Options{ID: text})
		w := &world{T: t, redis: client}
		eventually(t, 20*time.Second, w.is(text, map[string]string{"succeed": "completed", "retry": "retry", "die": "archived", "park": "retry"}[text]))
	}
	r.add(t, probe{Text: "delayed"}, tasks.Options{ID: "delayed", At: time.Now().Add(time.Hour)})
	r.add(t, probe{Text: "hold", User: "ada"}, tasks.Options{ID: "running"})
	<-running
	r.add(t, probe{Text: "hold", User: "ada"}, tasks.Options{ID: "held"})
	w := &world{T: t, redis: client}
	eventually(t, 20*time.Second, w.is("held", "aggregating"))
	if err := asynq.NewInspectorFromRedisClient(client).PauseQueue(routing.Agents); err != nil {
		t.Fatal(err)
	}
	r.add(t, probe{Text: "wait"}, tasks.Options{ID: "waiting"})
	return r
}

func TestAsynqsInspectorReadsWhatOursWrites(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		crowd(t, client)
		inspector := asynq.NewInspectorFromRedisClient(client)
		info, err := inspector.GetQueueInfo(routing.Agents)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(info.Size, info.Pending, info.Active, info.Scheduled, info.Retry, info.Archived, info.Completed, info.Aggregating, info.Groups,
			info.Processed, info.Failed, info.ProcessedTotal, info.FailedTotal, info.Paused)
		if want := fmt.Sprint(8, 1, 1, 1, 2, 1, 1, 1, 1, 3, 2, 3, 2, true); got != want {
			t.Errorf("queue %s, want %s: size, pending, active, scheduled, retry, archived, completed, held, groups, processed, failed, both in total, paused", got, want)
		}
		if info.Latency <= 0 || info.Latency > time.Minute {
			t.Errorf("latency %s", info.Latency)
		}
		lists(t, inspector)
		details(t, inspector)
	})
}

// lists checks every list of the inspector.
func lists(t *testing.T, inspector *asynq.Inspector) {
	t.Helper()
	group := func(queue string, opts ...asynq.ListOption) ([]*asynq.TaskInfo, error) {
		return inspector.ListAggregatingTasks(queue, "user:ada", opts...)
	}
	for name, tc := range map[string]struct {
		list func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error)
		want []string
	}{
		"pending": {inspector.ListPendingTasks, []string{"waiting"}}, "active": {inspector.ListActiveTasks, []string{"running"}},
		"scheduled": {inspector.ListScheduledTasks, []string{"delayed"}}, "retry": {inspector.ListRetryTasks, []string{"park", "retry"}},
		"archived": {inspector.ListArchivedTasks, []string{"die"}}, "completed": {inspector.ListCompletedTasks, []string{"succeed"}},
		"aggregating": {group, []string{"held"}},
	} {
		infos, err := tc.list(routing.Agents)
		var ids []string
		for _, info := range infos {
			ids = append(ids, info.ID)
			if info.State.String() != name || info.Type != kind || info.Queue != routing.Agents || info.IsOrphaned {
				t.Errorf("%s: %+v", name, info)
			}
		}
		if slices.Sort(ids); err != nil || !slices.Equal(ids, tc.want) {
			t.Errorf("%s: %v, %v; want %v", name, ids, err, tc.want)
		}
	}
	groups, err := inspector.Groups(routing.Agents)
	if err != nil || len(groups) != 1 || groups[0].Group != "user:ada" || groups[0].Size != 1 {
		t.Errorf("groups %v, %v", groups, err)
	}
	days, err := inspector.History(routing.Agents, 2)
	if err != nil || len(days) != 2 || days[0].Processed+days[1].Processed != 3 || days[0].Failed+days[1].Failed != 2 {
		t.Errorf("history %v, %v", days, err)
	}
}

// details checks what the inspector says of single tasks.
func details(t *testing.T, inspector *asynq.Inspector) {
	t.Helper()
	for id, check := range map[string]func(*asynq.TaskInfo) bool{
		"succeed": func(i *asynq.TaskInfo) bool {
			return string(i.Result) == `"done"` && near(i.CompletedAt, 0) && i.Retention == time.Hour
		},
		"retry": func(i *asynq.TaskInfo) bool {
			return i.Retried == 1 && i.LastErr == "boom" && near(i.LastFailedAt, 0) && near(i.NextProcessAt, time.Hour)
		},
		"die":     func(i *asynq.TaskInfo) bool { return i.Retried == 0 && i.LastErr == "boom" && near(i.LastFailedAt, 0) },
		"park":    func(i *asynq.TaskInfo) bool { return i.Retried == 0 && near(i.NextProcessAt, parkedFor) },
		"delayed": func(i *asynq.TaskInfo) bool { return near(i.NextProcessAt, time.Hour) },
		"held": func(i *asynq.TaskInfo) bool {
			return i.Group == "" && string(i.Payload) == `{"text":"hold","user":"ada"}`
		},
		"running": func(i *asynq.TaskInfo) bool { return i.State == asynq.TaskStateActive },
		"waiting": func(i *asynq.TaskInfo) bool { return near(i.NextProcessAt, 0) },
	} {
		info, err := inspector.GetTaskInfo(routing.Agents, id)
		if err != nil || !check(info) {
			t.Errorf("%s: %+v, %v", id, info, err)
		}
	}
}

// near reports whether a time is about as far from now as said.
func near(at time.Time, from time.Duration) bool {
	return time.Until(at.Add(-from)).Abs() < time.Minute
}

func TestAsynqsInspectorActsOnWhatOursWrites(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		crowd(t, client)
		inspector := asynq.NewInspectorFromRedisClient(client)
		for id, act := range map[string]func(queue, id string) error{
			"retry": inspector.RunTask, "die": inspector.RunTask, "park": inspector.RunTask, "delayed": inspector.RunTask, "held": inspector.RunTask,
		} {
			if err := act(routing.Agents, id); err != nil {
				t.Errorf("run %s: %v", id, err)
			}
		}
		pending, err := client.LLen(t.Context(), format.Key(routing.Agents, "pending")).Result()
		if err != nil || pending != 6 {
			t.Errorf("%d tasks wait, %v; want 6", pending, err)
		}
		if err := inspector.ArchiveTask(routing.Agents, "waiting"); err != nil {
			t.Error(err)
		}
		if err := inspector.UpdateTaskPayload(routing.Agents, "delayed", []byte(`{}`)); err == nil {
			t.Error("the payload of a task that waits for a slot was changed")
		}
		for _, id := range []string{"succeed", "waiting", "park"} {
			if err := inspector.DeleteTask(routing.Agents, id); err != nil {
				t.Errorf("delete %s: %v", id, err)
			}
		}
		if err := inspector.DeleteTask(routing.Agents, "running"); err == nil {
			t.Error("a running task was deleted")
		}
		if err := inspector.DeleteQueue(routing.Agents, true); err == nil {
			t.Error("a queue with a running task was deleted")
		}
	})
}

func TestAsynqsServersPageShowsAWorkerOfOursAndWhatItPerforms(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		crowd(t, client)
		inspector := asynq.NewInspectorFromRedisClient(client)
		eventually(t, 20*time.Second, func() error {
			servers, err := inspector.Servers()
			if err != nil || len(servers) != 1 || len(servers[0].ActiveWorkers) != 1 {
				return fmt.Errorf("servers %v, %w", servers, err)
			}
			s, works := servers[0], servers[0].ActiveWorkers[0]
			if s.Status != "active" || s.Queues[routing.Agents] != 1 || len(s.Queues) != 1 || s.Concurrency != 2 || s.Host == "" || s.PID == 0 || !near(s.Started, 0) {
				return fmt.Errorf("server %+v", s)
			}
			if works.TaskID != "running" || works.TaskType != kind || works.Queue != routing.Agents || string(works.TaskPayload) != `{"text":"hold","user":"ada"}` || !near(works.Started, 0) {
				return fmt.Errorf("worker %+v", works)
			}
			return nil
		})
	})
}
