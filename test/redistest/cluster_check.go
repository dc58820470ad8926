package redistest

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// check reports why the cluster is not whole in the eyes of some running node.
func (c *Cluster) check(ctx context.Context) error {
	nodes := running(c.Nodes)
	for _, node := range nodes {
		if err := node.ask(func(client *redis.Client) error { return whole(ctx, client, nodes) }); err != nil {
			return err
		}
	}
	return nil
}

// whole reports why the cluster is not whole in the eyes of one node.
func whole(ctx context.Context, client *redis.Client, running []*Process) error {
	info, err := client.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "cluster_state:ok") {
		return fmt.Errorf("its cluster is not ok:\n%s", info)
	}
	nodes, err := client.ClusterNodes(ctx).Result()
	if err != nil {
		return err
	}
	if reason := unfit(nodes, running); reason != "" {
		return fmt.Errorf("it sees %s:\n%s", reason, nodes)
	}
	return inSync(ctx, client)
}

// unfit says which of the nodes in a CLUSTER NODES reply is not what it should be, ""
// if all are. Its lines are: id, address, flags, master, ping, pong, epoch, link, slots.
// See https://redis.io/docs/latest/commands/cluster-nodes/.
func unfit(nodes string, running []*Process) string {
	known := 0
	for line := range strings.Lines(nodes) {
		fields := strings.Fields(line)
		addr, _, _ := strings.Cut(fields[1], "@")
		flags, link, serves := fields[2], fields[7], len(fields) > 8
		if _, err := find(running, addr); err != nil {
			if serves {
				return "slots at " + addr + ", which is stopped"
			}
			continue
		}
		known++
		if strings.Contains(flags, "fail") || strings.Contains(flags, "handshake") || link != "connected" {
			return addr + " away"
		}
		if serves == strings.Contains(flags, "slave") {
			return addr + " neither serving slots nor a replica"
		}
	}
	if known < len(running) {
		return "not every node that runs"
	}
	return ""
}

// inSync reports a replica that has not caught up with its master.
func inSync(ctx context.Context, client *redis.Client) error {
	info, err := client.Info(ctx, "replication").Result()
	if err != nil {
		return err
	}
	if strings.Contains(info, "role:slave") && !strings.Contains(info, "master_link_status:up") {
		return fmt.Errorf("it is not in sync with its master:\n%s", info)
	}
	return nil
}
