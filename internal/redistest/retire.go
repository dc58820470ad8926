package redistest

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// retire kills a master once its replicas hold every write it has acknowledged. Redis
// replicates after it acknowledges: a master killed at any moment may take some writes
// along, whatever its clients do.
func (p *Process) retire() error {
	err := p.ask(func(client *redis.Client) error {
		ctx := context.Background()
		replicas, err := connectedReplicas(ctx, client)
		if err != nil {
			return err
		}
		// WAIT is about what came before it on its connection, or anywhere before that.
		conn := client.Conn()
		defer func() { _ = conn.Close() }()
		if err := conn.Do(ctx, "CLIENT", "PAUSE", patience.Milliseconds(), "WRITE").Err(); err != nil {
			return err
		}
		caughtUp, err := conn.Wait(ctx, replicas, patience).Result()
		if err == nil && int(caughtUp) < replicas {
			return fmt.Errorf("after %s only %d of %d replicas have caught up", patience, caughtUp, replicas)
		}
		return err
	})
	if err == nil {
		p.Stop()
	}
	return err
}

func connectedReplicas(ctx context.Context, client *redis.Client) (int, error) {
	var n int
	info, err := client.InfoMap(ctx, "replication").Result()
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(info["Replication"]["connected_slaves"], &n)
	return n, err
}
