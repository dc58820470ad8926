package queue

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
)

// Server is a process that performs tasks, as asynqmon's Servers page lists it: a worker of whatever release,
// or a foreign asynq server.
type Server struct {
	Host string
	PID  int
}

// maxServers bounds the servers that are told.
const maxServers = 1000

// Servers returns the processes that perform tasks. One that was killed is among them for 30 seconds.
func (c *Client) Servers(ctx context.Context) ([]Server, error) {
	keys, err := c.listedFrom(ctx, format.AllServers)
	if err != nil {
		return nil, err
	}
	var all []Server
	for _, key := range keys {
		if s, ok := serverOf(key); ok {
			all = append(all, s)
		}
	}
	return all, nil
}

// serverOf reads the key of a server's record, see [format.Server.Key].
func serverOf(key string) (Server, bool) {
	text, isServer := strings.CutPrefix(key, "asynq:servers:{")
	text, closed := strings.CutSuffix(text, "}")
	rest, _, hasID := cutLast(text)
	host, number, hasPID := cutLast(rest)
	pid, err := strconv.Atoi(number)
	return Server{host, pid}, isServer && closed && hasID && hasPID && err == nil && host != ""
}

// cutLast cuts text around its last colon: a host may have some.
func cutLast(text string) (before, after string, found bool) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

// HasSchedulers reports whether a scheduler of whatever release shows the schedule to asynqmon. It is true
// for 30 seconds after the last one was killed.
func (c *Client) HasSchedulers(ctx context.Context) (bool, error) {
	keys, err := c.listedFrom(ctx, schedulersKey)
	return slices.Contains(keys, mirrorKey), err
}

// listedFrom returns the members of a sorted set that have not expired.
func (c *Client) listedFrom(ctx context.Context, key string) ([]string, error) {
	now, err := c.Now(ctx)
	if err != nil {
		return nil, err
	}
	alive := &redis.ZRangeBy{Min: strconv.FormatInt(now.Unix(), 10), Max: "+inf", Count: maxServers}
	members, err := c.redis.ZRangeByScore(ctx, key, alive).Result()
	if err != nil && !isWrongType(err) {
		return nil, fmt.Errorf("list %s: %w", key, err)
	}
	return members, nil
}
