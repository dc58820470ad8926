package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const masters = 3

// Cluster is a Redis Cluster of three masters with one replica each.
type Cluster struct {
	URL   string     // redis-cluster://host:port,...
	Nodes []*Process // all six
}

// nodeTimeout is after how long without an answer a node counts as down; see [downAfter].
// Nobody can tell a cluster to fail over at once without the outage that tests are after.
const nodeTimeout = 3 * time.Second

// StartCluster starts a cluster on free loopback ports, without persistence, stopped with
// the test. A replica takes over from its master a few seconds after that is stopped.
// args are added to the command line of each server.
func StartCluster(t testing.TB, args ...string) *Cluster {
	t.Helper()
	c, err := startCluster(t.TempDir(), nodeTimeout, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	return c
}

// startCluster starts a cluster whose nodes count as down after the timeout.
func startCluster(dir string, timeout time.Duration, args ...string) (*Cluster, error) {
	c := new(Cluster)
	err := c.launch(dir, append([]string{"--cluster-node-timeout", strconv.FormatInt(timeout.Milliseconds(), 10)}, args...))
	if err == nil {
		err = c.form()
	}
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("start a Redis Cluster: %w", err)
	}
	return c, nil
}

// launch starts the servers, each alone.
func (c *Cluster) launch(dir string, args []string) error {
	var addrs []string
	for n := range 2 * masters {
		own := filepath.Join(dir, "node-"+strconv.Itoa(n))
		if err := os.Mkdir(own, 0o700); err != nil {
			return err
		}
		node, err := launch(func() ([]string, error) {
			bus, err := freePort()
			return slices.Concat(replicating(own), []string{"--cluster-enabled", "yes", "--cluster-port", bus}, args), err
		})
		if err != nil {
			return err
		}
		c.Nodes = append(c.Nodes, node)
		addrs = append(addrs, node.Addr)
	}
	c.URL = "redis-cluster://" + strings.Join(addrs, ",")
	return nil
}

func (c *Cluster) stop() {
	for _, node := range c.Nodes {
		node.Stop()
	}
}

// AwaitOK returns once all running nodes agree that the cluster is whole: each slot is
// served by a running master, all other running nodes are replicas in sync.
func (c *Cluster) AwaitOK(t testing.TB) {
	t.Helper()
	if err := await(c.check); err != nil {
		t.Fatalf("the Redis Cluster is not whole: %v", err)
	}
}

// Master returns the node that serves the slot of a key.
func (c *Cluster) Master(t testing.TB, key string) *Process {
	t.Helper()
	var master *Process
	err := await(func(ctx context.Context) (err error) {
		master, err = c.master(ctx, key)
		return err
	})
	if err != nil {
		t.Fatalf("find the master of key %q: %v", key, err)
	}
	return master
}

// StopMaster kills the node that serves the slot of a key and returns it once its replica
// serves in its place and all nodes know. No acknowledged write is lost by that. Started
// again the node becomes a replica, for which [Cluster.AwaitOK] waits. For a death that
// may lose writes, stop the [Cluster.Master] instead.
func (c *Cluster) StopMaster(t testing.TB, key string) *Process {
	t.Helper()
	master := c.Master(t, key)
	if err := master.retire(); err != nil {
		t.Fatalf("stop the master of key %q: %v", key, err)
	}
	c.AwaitOK(t)
	return master
}

func (c *Cluster) master(ctx context.Context, key string) (*Process, error) {
	nodes := running(c.Nodes)
	if len(nodes) == 0 {
		return nil, errors.New("no node runs")
	}
	var addr string
	err := nodes[0].ask(func(client *redis.Client) error {
		slot, err := client.ClusterKeySlot(ctx, key).Result()
		if err != nil {
			return err
		}
		shards, err := client.ClusterShards(ctx).Result()
		for _, shard := range shards {
			if serves(shard, slot) {
				addr = masterOf(shard)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return find(c.Nodes, addr)
}

func serves(shard redis.ClusterShard, slot int64) bool {
	return slices.ContainsFunc(shard.Slots, func(r redis.SlotRange) bool { return r.Start <= slot && slot <= r.End })
}

func masterOf(shard redis.ClusterShard) (addr string) {
	for _, node := range shard.Nodes {
		if node.Role == "master" {
			addr = net.JoinHostPort(node.IP, strconv.FormatInt(node.Port, 10))
		}
	}
	return addr
}
