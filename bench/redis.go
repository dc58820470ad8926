package bench

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/redis/go-redis/v9"
)

// StartRedis starts a redis-server of its own on a free loopback port, without
// persistence, and returns its URL. stop ends it.
func StartRedis(ctx context.Context) (url string, stop func(), err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", nil, errors.New("redis-server is not installed: install it (apt-get install redis-server), or give a Redis with --redis")
	}
	dir, err := os.MkdirTemp("", "switchyard-bench-")
	if err != nil {
		return "", nil, err
	}
	// The port found free may be taken before redis-server binds it: try another.
	var p *process
	for range 5 {
		if p, url, err = startRedis(ctx, program, dir); err == nil {
			return url, func() {
				p.kill()
				_ = os.RemoveAll(dir) // an empty directory for temporary files
			}, nil
		}
	}
	_ = os.RemoveAll(dir)
	return "", nil, err
}

func startRedis(ctx context.Context, program, dir string) (*process, string, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, "", err
	}
	host, port, _ := net.SplitHostPort(addr)
	p, err := startProcess(exec.Command(program, "--bind", host, "--port", port, "--save", "", "--appendonly", "no", "--dir", dir))
	if err != nil {
		return nil, "", err
	}
	client := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	ctx, cancel := phase(ctx, "start of redis-server", 10*time.Second)
	defer cancel()
	for client.Ping(ctx).Err() != nil {
		select {
		case <-p.exited:
			return nil, "", p.ended()
		case <-ctx.Done():
			p.kill()
			return nil, "", context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return p, "redis://" + addr, nil
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
