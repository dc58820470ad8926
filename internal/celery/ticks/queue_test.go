package ticks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestTicksOfBothGoWhereTheirKindsArePerformed(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, redistest.Client(t, redistest.Mini(t).Addr()))
		ticks := []tasks.Tick{tickOf("a", "cleanup", 0), tickOf("b", "note", 0), tickOf("c", "report", 0), tickOf("d", "note", 0), tickOf("e", "nobody", 0)}
		var got []string
		for _, added := range r.queue.EnqueueTicks(t.Context(), ticks, time.Now().Add(time.Hour)) {
			got = append(got, fmt.Sprint(added.Receipt.Kind, " ", added.Receipt.Queue, " ", added.Err != nil))
		}
		if want := []string{"cleanup celery:house false", "note default false", "report celery:Reports.High false", "note default false", "  true"}; !slices.Equal(got, want) {
			t.Errorf("became %q, want %q", got, want)
		}
		r.want([]string{"again"}, tickOf("a", "cleanup", 0))
	})
}

func TestABrokerThatIsAwayHoldsUpNoTickOfOurs(t *testing.T) {
	server := redistest.Server(t)
	for name, fault := range map[string]struct{ begin, end func() error }{
		"gone":    {func() error { server.Stop(); return nil }, server.Start},
		"hanging": {func() error { server.Signal(t, syscall.SIGSTOP); return nil }, func() error { server.Signal(t, syscall.SIGCONT); return nil }},
	} {
		t.Run(name, func(t *testing.T) { outlast(t, server, fault.begin, fault.end) })
	}
}

func outlast(t *testing.T, server *redistest.Process, begin, end func() error) {
	r := newRig(t, redistest.Client(t, server.Addr), redistest.Client(t, redistest.Mini(t).Addr()))
	if err := begin(); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		added := r.queue.EnqueueTicks(t.Context(), []tasks.Tick{tickOf("a", "cleanup", n), tickOf("b", "note", n)}, time.Now().Add(time.Hour))
		if !errors.Is(added[0].Err, tasks.ErrElsewhere) || added[1].Err != nil || added[1].Receipt.Duplicate {
			t.Errorf("ticks %d became %+v", n, added)
		}
	}
	if err := r.sender.Check(t.Context()); err == nil {
		t.Error("it is ready without a broker")
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if became := r.send(tickOf("a", "cleanup", 3)); became[0] == "sent" || became[0] == "again" { // what was asked before it answered may have been done
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("the broker is back, and the tick is not sent: %s", became)
		}
	}
	if err := r.sender.Check(t.Context()); err != nil {
		t.Errorf("it is not ready: %v", err)
	}
}

func TestTheStateOfATaskIsWhatCelerysWorkersHaveWritten(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, client)
		metas := map[string]string{
			"succeeded": `{"status": "SUCCESS", "result": null}`, "failed": `{"task_id": "x", "status": "FAILURE"}`, "cancelled": `{"status": "REVOKED"}`,
			"retrying": `{"status": "RETRY"}`, "running": `{"status": "PROGRESS", "result": "` + string(make([]byte, 2*beginning)) + `"}`,
			"": `{"status": "PENDING"}`,
		}
		receipts, want := []tasks.Receipt{{ID: "gone", Queue: "celery:q"}, {ID: "gone", Queue: "default"}}, []tasks.State{"", ""}
		for state, meta := range metas {
			client.Set(t.Context(), "celery-task-meta-is-"+state, meta, 0)
			receipts, want = append(receipts, tasks.Receipt{ID: "is-" + state, Queue: "celery:q"}), append(want, tasks.State(state))
		}
		client.Set(t.Context(), "celery-task-meta-odd", "[", 0)
		client.LPush(t.Context(), "celery-task-meta-list", "x")
		receipts, want = append(receipts, tasks.Receipt{ID: "odd", Queue: "celery:q"}, tasks.Receipt{ID: "list", Queue: "celery:q"}), append(want, "", "")
		states, err := r.queue.States(t.Context(), receipts)
		if err != nil || !slices.Equal(states, want) {
			t.Errorf("states %q, %v, want %q", states, err, want)
		}
	})
}

func TestTheStateOfATaskIsUnknownWhileTheBackendIsAway(t *testing.T) {
	server := redistest.Server(t)
	r := newRig(t, redistest.Client(t, server.Addr), redistest.Client(t, redistest.Mini(t).Addr()))
	server.Stop()
	for range 2 {
		states, err := r.queue.States(t.Context(), []tasks.Receipt{{ID: "a", Queue: "celery:q"}, {ID: "b", Queue: "default"}})
		if err != nil || states[0] != tasks.StateUnknown || states[1] != "" {
			t.Errorf("states %q, %v", states, err)
		}
	}
}

func TestOnlyOldTicksThatAreSettledAreForgotten(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, client)
		all := []tasks.Tick{tickOf("settled", "cleanup", 0), tickOf("open", "cleanup", 0), tickOf("young", "cleanup", 0), tickOf("moved", "report", 0)}
		r.send(all...)
		for _, entry := range []string{"settled", "open", "moved"} {
			client.ZIncrBy(t.Context(), r.sender.ages, -(ledgerKept + time.Minute).Seconds(), entry)
		}
		asked := 0
		n, err := r.queue.SweepTicks(t.Context(), func(_ context.Context, ticks []tasks.Tick) (settled []tasks.Tick, _ error) {
			for _, tick := range ticks {
				asked++
				if !tick.At.Equal(firstTick) {
					t.Errorf("asked about %s of %s, want %s", tick.At, tick.Entry, firstTick)
				}
				if tick.Entry == "moved" {
					r.send(tickOf("moved", "report", 1)) // while it is swept
				}
				if tick.Entry != "open" {
					settled = append(settled, tick)
				}
			}
			return settled, nil
		})
		if err != nil || asked != 3 || n != 2 {
			t.Errorf("asked about %d ticks and forgot %d, %v, want 3 and 2", asked, n, err)
		}
		r.want([]string{"sent", "again", "again", "again"}, all...)
	})
}
