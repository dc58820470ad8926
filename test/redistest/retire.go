package redistest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// retire kills a master once its replicas hold every write it has acknowledged. Redis
// replicates after it acknowledges: a master killed at any moment may take some writes
// along, whatever its clients do.
func (p *Process) retire() error {
	err := p.ask(func(client *redis.Client) error {
		ctx := context.Background()
		if err := client.Do(ctx, "CLIENT", "PAUSE", patience.Milliseconds(), "WRITE").Err(); err != nil {
			return err
		}
		written, _, err := replication(ctx, client)
		if err != nil {
			return err
		}
		// WAIT would not do: it is about the writes of its own connection, which has none.
		return await(func(ctx context.Context) error {
			_, replicas, err := replication(ctx, client)
			if err == nil && slices.Min(replicas) < written {
				err = fmt.Errorf("of %d bytes the replicas hold %v", written, replicas)
			}
			return err
		})
	})
	if err == nil {
		p.Stop()
	}
	return err
}

// replication returns how many bytes of writes a master has sent out, and how many each of
// its replicas is known to hold.
func replication(ctx context.Context, client *redis.Client) (written int64, replicas []int64, err error) {
	info, err := client.InfoMap(ctx, "replication").Result()
	if err != nil {
		return 0, nil, err
	}
	fields := info["Replication"]
	if written, err = strconv.ParseInt(fields["master_repl_offset"], 10, 64); err != nil {
		return 0, nil, err
	}
	for n := 0; fields["slave"+strconv.Itoa(n)] != ""; n++ {
		_, text, _ := strings.Cut(fields["slave"+strconv.Itoa(n)], "offset=")
		text, _, _ = strings.Cut(text, ",")
		offset, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0, nil, err
		}
		replicas = append(replicas, offset)
	}
	if len(replicas) == 0 {
		return 0, nil, errors.New("the master has no replicas")
	}
	return written, replicas, nil
}
