package lane

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestALaneIsOneLineOnTheServersPageWhileItRuns(t *testing.T) {
	redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
		inspector := asynq.NewInspectorFromRedisClient(client)
		r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, _ *tasks.Task, _ note) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		stop := r.start(Options{Queue: "agents", Concurrency: 7, Fetchers: 3})
		awaitServers := func(ok func([]*asynq.ServerInfo) bool) {
			t.Helper()
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
				servers, err := inspector.Servers()
				if err != nil {
					t.Fatal(err)
				}
				if ok(servers) {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("servers %+v", servers)
				}
			}
		}
		awaitServers(func(s []*asynq.ServerInfo) bool {
			return len(s) == 1 && s[0].Concurrency == 7 && s[0].Queues["agents"] == 1 && s[0].Status == "active"
		})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "running"})
		awaitServers(func(s []*asynq.ServerInfo) bool {
			return len(s) == 1 && len(s[0].ActiveWorkers) == 1 && s[0].ActiveWorkers[0].TaskID == "running"
		})
		stop(0)
		awaitServers(func(s []*asynq.ServerInfo) bool { return len(s) == 0 })
	})
}

func TestAReportWithNothingNewIsNotWrittenAgainForAWhile(t *testing.T) {
	client := redistest.Client(t, redistest.Mini(t).Addr())
	r := newRig(t, client, nil, handlers{"agent_a": nothing})
	synctest.Test(t, func(t *testing.T) {
		page := newServersPage(client, []*lane{r.lane(Options{Queue: "agents", Concurrency: 1})})
		written := 0
		for range 12 { // a minute
			before := page.sent
			page.report()
			if page.sent != before {
				written++
			}
			time.Sleep(showEvery)
		}
		if written != 4 {
			t.Errorf("%d reports written, want 4", written)
		}
	})
}
