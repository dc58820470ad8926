package queue

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/redistest"
	"switchyard/internal/tasks"
)

func TestALaneIsOneLineOnTheServersPageWhileItRuns(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		inspector := asynq.NewInspectorFromRedisClient(client)
		r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, _ *tasks.Task, _ note) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		stop := r.start(LaneOptions{Queue: "agents", Concurrency: 7, Fetchers: 3})
		awaitServers := func(ok func([]*asynq.ServerInfo) bool) {
			t.Helper()
			for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
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
		r.enqueue(note{kind: "agent_a"}, tasks.Options{ID: "running"})
		awaitServers(func(s []*asynq.ServerInfo) bool {
			return len(s) == 1 && len(s[0].ActiveWorkers) == 1 && s[0].ActiveWorkers[0].TaskID == "running"
		})
		stop(0)
		awaitServers(func(s []*asynq.ServerInfo) bool { return len(s) == 0 })
	})
}

func TestAReportWithNothingNewIsNotWrittenAgainForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReporter()
		r.unloaded.Store(false)
		var ttls []any
		report := func(server string) {
			r.sendSha([]any{10.0, server}, func(_ context.Context, args []any) error {
				ttls = append(ttls, args[0])
				return nil
			})
		}
		for range 12 { // a minute of asynq's heartbeats
			report("idle")
			time.Sleep(5 * time.Second)
		}
		report("busy")
		close(r.writes)
		r.run()
		if len(ttls) != 5 {
			t.Errorf("%d reports written, want 5", len(ttls))
		}
		for _, ttl := range ttls {
			if ttl != reportFor.Seconds() {
				t.Errorf("a report stands for %v seconds, want %v", ttl, reportFor.Seconds())
			}
		}
	})
}
