package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"switchyard/internal/tasks"

	"github.com/redis/go-redis/v9"
)

// ClientName is the name that the connections of worker processes have in Redis, by which they
// are counted.
const ClientName = "switchyard-bench"

// connections returns how many connections of worker processes every master has.
func (r *run) connections(ctx context.Context) (int, error) {
	var mu sync.Mutex
	sum := 0
	err := eachMaster(ctx, r.Redis, func(ctx context.Context, master *redis.Client) error {
		list, err := master.ClientList(ctx).Result()
		if err != nil {
			return fmt.Errorf("count the connections of a worker: %w", err)
		}
		mu.Lock()
		defer mu.Unlock()
		sum += strings.Count(list, " name="+ClientName+" ")
		return nil
	})
	return sum, err
}

// pagesOfLoad is how many pages a worker process fetches under load, of each of its queues.
const pagesOfLoad = 500

// load has a worker process fetch pages from all of its queues at once and returns the most
// connections that it had meanwhile.
func (r *run) load(ctx context.Context, f fleet) (most int, err error) {
	what := fmt.Sprintf("load, %s", f)
	ctx, cancel := phase(ctx, what, r.limit(pagesOfLoad*len(f.queues)))
	defer cancel()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, "<title>A page</title><p>Long enough to be read as the text of a page, and no longer.")
	}))
	defer site.Close()
	for n := range pagesOfLoad {
		for _, queue := range f.queues {
			id := fmt.Sprintf("%sload-%d", taskID, n)
			if err := f.enqueue(ctx, queue, id, fmt.Sprintf("%s/%s/%d", site.URL, queue, n)); err != nil {
				return most, because(ctx, err)
			}
		}
		now, err := r.connections(ctx)
		if err != nil {
			return most, because(ctx, err)
		}
		most = max(most, now)
		r.Progress(what, n, pagesOfLoad)
	}
	for _, queue := range f.queues {
		for left := -1; left != 0; {
			if left, err = r.waiting(queue); err != nil {
				return most, err
			}
			now, err := r.connections(ctx)
			if err != nil {
				return most, because(ctx, err)
			}
			most = max(most, now)
			if err := tasks.Sleep(ctx, 20*time.Millisecond); err != nil {
				return most, err
			}
		}
	}
	return most, nil
}
