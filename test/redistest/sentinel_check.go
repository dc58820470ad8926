package redistest

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
)

// master returns the server that all running sentinels name.
func (s *Sentinel) master(ctx context.Context) (*Process, error) {
	var agreed string
	for _, sentinel := range running(s.Sentinels) {
		err := sentinel.ask(func(client *redis.Client) error {
			named, err := client.Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName).StringSlice()
			if err != nil {
				return err
			}
			addr := net.JoinHostPort(named[0], named[1])
			if agreed != "" && addr != agreed {
				return fmt.Errorf("it names %s as master, another %s", addr, agreed)
			}
			agreed = addr
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return find(s.Servers, agreed)
}

// serves reports why there is no running master that all sentinels name.
func (s *Sentinel) serves(ctx context.Context) error {
	master, err := s.master(ctx)
	if err != nil {
		return err
	}
	if !master.Running() {
		return fmt.Errorf("the sentinels still name %s, which is stopped", master.Addr)
	}
	return master.ask(func(client *redis.Client) error {
		info, err := client.Info(ctx, "replication").Result()
		if err == nil && !strings.Contains(info, "role:master") {
			return fmt.Errorf("it is named as master and is none:\n%s", info)
		}
		return err
	})
}

// check reports why the group is not whole.
func (s *Sentinel) check(ctx context.Context) error {
	if err := s.serves(ctx); err != nil {
		return err
	}
	sentinels := running(s.Sentinels)
	replicas, others := len(running(s.Servers))-1, len(sentinels)-1
	for _, sentinel := range sentinels {
		if err := sentinel.ask(func(client *redis.Client) error { return watches(ctx, client, replicas, others) }); err != nil {
			return err
		}
	}
	return nil
}

// watches reports why a sentinel does not see so many replicas in sync and so many other
// sentinels.
func watches(ctx context.Context, client *redis.Client, replicas, others int) error {
	for kind, want := range map[string]int{"replicas": replicas, "sentinels": others} {
		list := redis.NewMapStringStringSliceCmd(ctx, "SENTINEL", kind, masterName)
		if err := client.Process(ctx, list); err != nil {
			return err
		}
		seen := 0
		for _, one := range list.Val() {
			if one["flags"] == "sentinel" || one["flags"] == "slave" && one["master-link-status"] == "ok" {
				seen++
			}
		}
		if seen != want {
			return fmt.Errorf("it sees %d %s well, not %d: %v", seen, kind, want, list.Val())
		}
	}
	return nil
}
