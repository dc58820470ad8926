package oracle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// patience is how long a worker may take to get over damage that it comes across in its
// work: half of it is the time for which it takes nobody for lost. rounds is that of who
// looks after a queue once a minute.
const (
	patience = 15 * time.Second
	rounds   = 75 * time.Second
)

// wards is how many queues are damaged at a time. miniredis performs a script of ours within
// milliseconds where redis-server takes microseconds: a worker of more queues would lose it.
func wards(t *testing.T) int {
	if strings.Contains(t.Name(), "miniredis") {
		return 10
	}
	return 40
}

// hospital is a Redis with damaged queues.
type hospital struct {
	*rig
	asynq     *asynq.Client
	inspector *asynq.Inspector
	tally     *tally
	patients  []*patient
	said      int           // lines in the log before this round
	release   chan struct{} // closed: the tasks that are held end
}

func admit(t *testing.T, client redis.UniversalClient) *hospital {
	t.Helper()
	client = roomy(t, client)
	h := &hospital{asynq: asynq.NewClientFromRedisClient(client), inspector: asynq.NewInspectorFromRedisClient(client), tally: newTally(), release: make(chan struct{})}
	var queues []string
	for n := range wards(t) {
		p := &patient{hospital: h, queue: fmt.Sprintf("ward-%d-", n), rng: rand.New(rand.NewPCG(*seed, uint64(n)+2))}
		h.patients, queues = append(h.patients, p), append(queues, p.queue)
	}
	h.rig = newRig(t, client, routing.Patch{Retries: new(3)}, func(_ context.Context, _ *tasks.Task, p probe) (any, error) {
		h.tally.ran("ours", p.Text)
		if strings.HasSuffix(p.Text, held) {
			<-h.release
		}
		return nil, nil
	}, queues...)
	return h
}

// roomy returns the client with connections for as many lanes as there are queues.
func roomy(t *testing.T, client redis.UniversalClient) redis.UniversalClient {
	t.Helper()
	switch c := client.(type) {
	case *redis.Client:
		opts := *c.Options()
		opts.PoolSize, opts.MaxActiveConns = 4*wards(t), 4*wards(t)
		client = redis.NewClient(&opts)
	case *redis.ClusterClient:
		opts := *c.Options()
		opts.PoolSize, opts.MaxActiveConns = 4*wards(t), 4*wards(t)
		client = redis.NewClusterClient(&opts)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestHostileKeysAndTasksNeverStopTheGoodOnes(t *testing.T) {
	if !*full {
		runBoth(t, func(t *testing.T, client redis.UniversalClient) {
			admit(t, client).treat(t, everything(false), 0, patience)
		})
		return
	}
	for turn := range 10 {
		t.Run(strconv.Itoa(turn), func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				admit(t, client).treat(t, everything(false), turn, patience)
			})
		})
	}
}

func TestAnUndamagedQueueIsJudgedToBeWell(t *testing.T) {
	t.Parallel()
	none := damage{name: "none", do: func(context.Context, redis.UniversalClient, string, string) error { return nil }}
	t.Run("redis-server", func(t *testing.T) {
		admit(t, redistest.Client(t, redistest.Server(t).Addr)).treat(t, catalogue{{none}}, 0, patience)
	})
}

func TestHostileKeysAndTasksAreAllFoundInTime(t *testing.T) {
	if testing.Short() {
		t.Skip("waits minutes for who looks after the queues once a minute")
	}
	t.Parallel()
	runBoth(t, func(t *testing.T, client redis.UniversalClient) {
		admit(t, client).treat(t, everything(true), 0, rounds)
	})
}

// treat damages the queues, runs a worker on them, damages them again, and judges. Where
// that takes minutes, the short form has no second damage.
func (h *hospital) treat(t *testing.T, all catalogue, turn int, wait time.Duration) {
	t.Helper()
	var lanes []lane.Options
	for n, p := range h.patients {
		p.perUser = n % 2
		lanes = append(lanes, lane.Options{Queue: p.queue, Concurrency: 2, PerUser: p.perUser, Poll: time.Second})
		p.suffer(t.Context(), all, 1, 2*(turn*len(h.patients)+n))
	}
	stop := startOurs(t, h.rig, lanes...)
	h.recover(t, 1, wait)
	if *full || wait < rounds {
		h.relapse(t, all, turn, wait)
	}
	for _, p := range h.patients {
		if len(p.wrong) > 0 {
			p.complain(t)
		}
	}
	h.rests(t)
	h.noLoss(t)
	if took := stop(5 * time.Second); took > 5*time.Second {
		t.Errorf("seed %d: with nothing to do the worker takes %s to stop", *seed, took)
	}
}

// relapse damages the queues while the worker runs, and while a task of each does.
func (h *hospital) relapse(t *testing.T, all catalogue, turn int, wait time.Duration) {
	t.Helper()
	for n, p := range h.patients {
		p.hold(t)
		p.suffer(t.Context(), all, 2, 2*(turn*len(h.patients)+n)+1)
	}
	h.recover(t, 2, wait)
	close(h.release)
	for _, p := range h.patients {
		p.letGo(t)
	}
}

// recover brings good tasks to the queues and keeps what is wrong with each in the end.
func (h *hospital) recover(t *testing.T, round int, wait time.Duration) {
	t.Helper()
	h.visits(t, round)
	wrong := make(map[*patient][]string)
	left := slices.Clone(h.patients)
	for deadline := time.Now().Add(wait); len(left) > 0 && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		lines := h.lines(zap.WarnLevel)[h.said:]
		left = slices.DeleteFunc(left, func(p *patient) bool {
			wrong[p] = p.judge(t.Context(), naming(lines, p.queue), wait == rounds)
			return len(wrong[p]) == 0
		})
	}
	for p, what := range wrong {
		p.wrong = append(p.wrong, what...)
	}
	h.said = len(h.lines(zap.WarnLevel))
}

// visits adds good tasks to all queues at once.
func (h *hospital) visits(t *testing.T, round int) {
	t.Helper()
	var all sync.WaitGroup
	for _, p := range h.patients {
		all.Go(func() { p.visit(t, round) })
	}
	all.Wait()
}
