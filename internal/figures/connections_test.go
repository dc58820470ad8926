package figures

import (
	"context"
	"maps"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

func TestConnectionsAreToldBesideTheirLimit(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		limited := true
		_ = cache.EachMaster(t.Context(), client, func(ctx context.Context, master redis.UniversalClient) error {
			if _, err := master.ConfigGet(ctx, "maxclients").Result(); err != nil {
				limited = false // miniredis has no limit, and does not tell one
			}
			return nil
		})
		got := gather(t, NewConnections(client))
		if got["switchyard_collector_up connections"] != 1 || got["switchyard_redis_connections"] < 1 {
			t.Errorf("told %v, want at least the test's own connection", got)
		}
		if limit, told := got["switchyard_redis_connections_limit"]; told != limited || told && limit < got["switchyard_redis_connections"] {
			t.Errorf("told %v, want the limit where there is one: %v", got, limited)
		}
	})
}

func TestTheMasterNearestToItsLimitIsTold(t *testing.T) {
	for _, tc := range []struct {
		one, other held
		want       bool
	}{
		{held{10, 100}, held{}, true},
		{held{10, 100}, held{50, 1000}, true},
		{held{50, 1000}, held{10, 100}, false},
		{held{11, 0}, held{10, 0}, true},
		{held{9, 100}, held{10, 0}, false},
	} {
		if got := tc.one.nearer(tc.other); got != tc.want {
			t.Errorf("%v beside %v: %v", tc.one, tc.other, got)
		}
	}
}

func TestConnectionsThatCannotBeReadAreAbsent(t *testing.T) {
	client := redistest.Client(t, "127.0.0.1:1")
	want := map[string]float64{"switchyard_collector_up connections": 0}
	if got := gather(t, NewConnections(client)); !maps.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}
