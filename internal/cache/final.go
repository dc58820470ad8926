package cache

import (
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"
)

// transient are the answers of a Redis that will take the write later, or elsewhere: while a
// cluster gets a new master its nodes may point at each other for longer than the client
// follows them.
var transient = []string{"MOVED", "ASK", "LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "MISCONF", "OOM", "BUSY", "UNBLOCKED"}

// IsFinal reports whether Redis has answered for good: err is nil, or an error that the same
// command would only bring again.
func IsFinal(err error) bool {
	var answered redis.Error
	if err == nil {
		return true
	}
	return errors.As(err, &answered) && !slices.ContainsFunc(transient, func(prefix string) bool { return redis.HasErrorPrefix(err, prefix) })
}
