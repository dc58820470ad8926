package oracle

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// rests reports a worker that keeps Redis busy with nothing to do. A lane may send three
// commands a second, each of them a script of a dozen.
func (h *hospital) rests(t *testing.T) {
	t.Helper()
	single, ok := h.redis.(*redis.Client)
	if !ok || !strings.Contains(t.Name(), "redis-server") {
		return
	}
	before := commands(t, single)
	const during = 2
	time.Sleep(during * time.Second)
	if n := commands(t, single) - before; n > 40*len(h.patients)*during {
		t.Errorf("seed %d: %d commands within %d s with nothing to do: something loops", *seed, n, during)
	}
}

// commands returns how many commands a server has performed, with those of scripts.
func commands(t *testing.T, client *redis.Client) (all int) {
	t.Helper()
	info, err := client.InfoMap(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, stats := range info["Commandstats"] {
		calls, _, _ := strings.Cut(strings.TrimPrefix(stats, "calls="), ",")
		n, err := strconv.Atoi(calls)
		if err != nil {
			t.Fatal(err)
		}
		all += n
	}
	return all
}
