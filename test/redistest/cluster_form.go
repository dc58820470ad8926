package redistest

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"
)

const allSlots = 16384

// form makes a cluster of the servers: the first three get the slots, and a replica each.
func (c *Cluster) form() error {
	for n, node := range c.Nodes {
		if err := node.ask(func(client *redis.Client) error { return assign(client, n) }); err != nil {
			return err
		}
	}
	for n, node := range c.Nodes {
		if err := node.ask(func(client *redis.Client) error { return meet(client, c.Nodes[n+1:]) }); err != nil {
			return err
		}
	}
	for n := range masters {
		if err := replicate(c.Nodes[n], c.Nodes[masters+n]); err != nil {
			return err
		}
	}
	return await(c.check)
}

// assign gives the nth node an epoch of its own, and its slots if it is to be a master.
func assign(client *redis.Client, n int) error {
	ctx := context.Background()
	// Nodes of the same epoch would take a while to agree on who may keep it.
	if err := client.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", n+1).Err(); err != nil || n >= masters {
		return err
	}
	return client.ClusterAddSlotsRange(ctx, n*allSlots/masters, (n+1)*allSlots/masters-1).Err()
}

// meet makes a node known to others.
func meet(client *redis.Client, others []*Process) error {
	for _, other := range others {
		host, port, _ := net.SplitHostPort(other.Addr)
		if err := client.Do(context.Background(), "CLUSTER", "MEET", host, port, other.Arg("--cluster-port")).Err(); err != nil {
			return err
		}
	}
	return nil
}

// replicate makes one node the replica of another, once it knows that.
func replicate(master, replica *Process) error {
	var id string
	err := master.ask(func(client *redis.Client) (err error) {
		id, err = client.ClusterMyID(context.Background()).Result()
		return err
	})
	if err != nil {
		return err
	}
	return await(func(ctx context.Context) error {
		return replica.ask(func(client *redis.Client) error { return client.ClusterReplicate(ctx, id).Err() })
	})
}
