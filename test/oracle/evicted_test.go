package oracle

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// soon is within which time a queue is put right by who looks after it once a minute.
const soon = 70 * time.Second

func TestIDsWhoseDataIsGoneAreRemovedAndNamedOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("waits a minute for who looks after the queue")
	}
	t.Parallel()
	runBoth(t, func(t *testing.T, client redis.UniversalClient) {
		w := newWard(t, client)
		gone := scatter(t, client)
		startOurs(t, w.rig, lane.Options{Queue: routing.Agents, Concurrency: 1})
		inspector := asynq.NewInspectorFromRedisClient(client)
		eventually(t, soon, func() error {
			info, err := inspector.GetQueueInfo(routing.Agents)
			if err == nil && info.Size != len(listed) {
				err = fmt.Errorf("%d tasks are listed, %d have data", info.Size, len(listed))
			}
			return err
		})
		eventually(t, soon, func() error { // a line follows what Redis was made to do
			var errs []error
			for _, id := range gone {
				if lines := naming(w.lines(zap.WarnLevel), `"`+id+`"`); len(lines) != 1 {
					errs = append(errs, fmt.Errorf("task %s is named %d times in the log: %v", id, len(lines), lines))
				}
			}
			return errors.Join(errs...)
		})
		w.noLoss(t)
	})
}

// listed are the places in which IDs stay listed, each with a task that has its data.
var listed = []string{"scheduled", "retry", "archived", "completed"}

// scatter adds a task with data and two without to each list, pending among them, and returns
// the IDs of those without.
func scatter(t *testing.T, client redis.UniversalClient) (gone []string) {
	t.Helper()
	ctx := t.Context()
	err := client.SAdd(ctx, format.Queues, routing.Agents).Err()
	for _, p := range places {
		if !slices.Contains(listed, p.part) && p.part != "pending" || slices.Contains(listed, p.part) && !p.ended {
			continue
		}
		for n := range 2 {
			id := fmt.Sprintf("%s-%d", p.part, n)
			gone = append(gone, id)
			err = errors.Join(err, p.whole(ctx, client, routing.Agents, id), client.Del(ctx, format.TaskKey(routing.Agents, id)).Err())
		}
		if p.part != "pending" {
			err = errors.Join(err, p.whole(ctx, client, routing.Agents, p.part+"-kept"))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return gone
}

func TestATaskWhoseIDWaitsTwiceNeverRunsTwiceAtOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w := newWard(t, client)
		w.add(t, probe{Text: "hold"}, tasks.Options{ID: "double"})
		for range 2 {
			if err := client.LPush(t.Context(), format.Key(routing.Agents, "pending"), "double").Err(); err != nil {
				t.Fatal(err)
			}
		}
		w.add(t, probe{}, tasks.Options{ID: "behind"})
		startOurs(t, w.rig, lane.Options{Queue: routing.Agents, Concurrency: 4})
		w.ends(t, "behind") // so whoever stood before it has been dealt with
		if runs := w.tally.of("double"); runs != 1 {
			t.Errorf("the task runs %d times at once", runs)
		}
		close(w.release)
		w.ends(t, "double")
		if left := client.LLen(t.Context(), format.Key(routing.Agents, "active")).Val(); left != 0 {
			t.Errorf("%d IDs are left in the active list", left)
		}
	})
}

func TestATaskWhoseDataGoesWhileItRunsIsNamedAndTheNextOneRuns(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w := newWard(t, client)
		startOurs(t, w.rig, lane.Options{Queue: routing.Agents, Concurrency: 1})
		w.add(t, probe{Text: "hold"}, tasks.Options{ID: "evicted"})
		<-w.begun
		if err := client.Del(t.Context(), format.TaskKey(routing.Agents, "evicted")).Err(); err != nil {
			t.Fatal(err)
		}
		close(w.release)
		w.add(t, probe{}, tasks.Options{ID: "next"})
		w.ends(t, "next")
		if left := client.Exists(t.Context(), format.TaskKey(routing.Agents, "evicted"), format.Key(routing.Agents, "active"), format.Key(routing.Agents, "lease")).Val(); left != 0 {
			t.Errorf("%d keys of the task are left", left)
		}
		eventually(t, soon, func() error {
			if len(naming(w.lines(zap.InfoLevel), "evicted")) == 0 {
				return errors.New("the task is not named in the log")
			}
			return nil
		})
	})
}
