package cache

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// transient are the answers of a Redis that will take the write later, or elsewhere: while a
// cluster gets a new master its nodes may point at each other for longer than the client
// follows them.
var transient = []string{"MOVED", "ASK", "LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "MISCONF", "OOM", "BUSY", "UNBLOCKED"}

// Patiently does something with Redis, again and again until what came of it is final or ctx
// ends, pausing in between. The error is then that of the last time, and why ctx has ended.
func Patiently(ctx context.Context, pause time.Duration, final func(error) bool, do func() error) error {
	for {
		err := do()
		if final(err) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// IsFinal reports whether Redis has answered for good: err is nil, or an error that the same
// command would only bring again, as does a client that is closed.
func IsFinal(err error) bool {
	var answered redis.Error
	if err == nil || errors.Is(err, redis.ErrClosed) {
		return true
	}
	return errors.As(err, &answered) && !slices.ContainsFunc(transient, func(prefix string) bool { return redis.HasErrorPrefix(err, prefix) })
}

// IsDenied reports whether Redis has answered that its user may not do what was asked. That says
// nothing about the question, and may change.
func IsDenied(err error) bool {
	return err != nil && slices.ContainsFunc(denials, func(text string) bool { return strings.Contains(err.Error(), text) })
}

// denials are what Redis says to a user without a right, and a script's user up to Redis 7.0. A
// script's error has it further in.
var denials = []string{"NOPERM", "The user executing the script can't "}

// IsRedis reports whether an error is Redis's, or says that it cannot be reached, and not one about
// what it was to be asked.
func IsRedis(err error) bool {
	var answered redis.Error
	var network net.Error
	return errors.As(err, &answered) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		err != nil && strings.Contains(err.Error(), "redis: ") // go-redis's own have no type
}
