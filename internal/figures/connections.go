package figures

import (
	"context"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
)

// The figures of Redis's connections.
var (
	connections      = desc("switchyard_redis_connections", "Connections that Redis has; of a cluster, those of the master that is nearest to its limit.")
	connectionsLimit = desc("switchyard_redis_connections_limit", "Connections that the same Redis takes at most: it refuses further ones. Absent if it does not say.")
)

// held is how many connections a server has, and how many it takes at most, 0 if it does not say.
type held struct{ now, most float64 }

// nearer tells whether a server is nearer to its limit than another.
func (h held) nearer(other held) bool {
	if h.most == 0 || other.most == 0 {
		return h.now > other.now
	}
	return h.now/h.most > other.now/other.most
}

// NewConnections returns the collector of how many connections Redis has left, which is what a growing
// number of daemons uses up first.
func NewConnections(client redis.UniversalClient) *Collector {
	read := func(ctx context.Context) ([]prometheus.Metric, error) {
		var mu sync.Mutex
		var fullest held
		err := cache.EachMaster(ctx, client, func(ctx context.Context, master redis.UniversalClient) error {
			h, err := heldBy(ctx, master)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && h.nearer(fullest) {
				fullest = h
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		told := []prometheus.Metric{gauge(connections, fullest.now)}
		if fullest.most > 0 {
			told = append(told, gauge(connectionsLimit, fullest.most))
		}
		return told, nil
	}
	return newCollector("connections", read, connections, connectionsLimit)
}

func heldBy(ctx context.Context, master redis.UniversalClient) (held, error) {
	values, err := master.InfoMap(ctx, "clients").Result()
	if err != nil {
		return held{}, err
	}
	clients := values["Clients"]
	now, err := strconv.ParseFloat(clients["connected_clients"], 64)
	if err != nil {
		return held{}, err
	}
	most, _ := strconv.ParseFloat(clients["maxclients"], 64) // which not every service tells
	return held{now, most}, nil
}
