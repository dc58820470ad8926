package redbeat

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// readFields reads the hashes of some entries: first how large they are.
func (r *Reader) readFields(ctx context.Context, some []Stored) error {
	sizes := make([][2]*redis.IntCmd, len(some))
	_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, s := range some {
			sizes[i] = [2]*redis.IntCmd{p.HStrLen(ctx, r.prefix+s.Name, "definition"), p.HStrLen(ctx, r.prefix+s.Name, "meta")}
		}
		return nil
	})
	if !answered(err) {
		return err
	}
	fields := make([]*redis.SliceCmd, len(some))
	_, err = r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range some {
			if some[i].checkSizes(sizes[i][0], sizes[i][1]) {
				fields[i] = p.HMGet(ctx, r.prefix+some[i].Name, "definition", "meta")
			}
		}
		return nil
	})
	if !answered(err) {
		return err
	}
	for i, reply := range fields {
		if reply == nil {
			continue
		}
		values, err := reply.Result()
		if err != nil || len(values) != 2 {
			some[i].Err = fmt.Errorf("it cannot be read: %w", err)
			continue
		}
		some[i].Definition, _ = values[0].(string)
		some[i].Meta, _ = values[1].(string)
	}
	return nil
}

// checkSizes reports whether an entry's hash can be read, and notes why not.
func (s *Stored) checkSizes(definition, meta *redis.IntCmd) bool {
	err := definition.Err()
	switch {
	case s.Err != nil:
	case err != nil && strings.HasPrefix(err.Error(), "WRONGTYPE") && !s.Scheduled:
		s.Foreign = "it is not an entry: its key holds no hash, as RedBeat's lock does not"
	case err != nil && strings.HasPrefix(err.Error(), "WRONGTYPE"):
		s.Err = errors.New("its key holds no hash: save the entry again in RedBeat")
	case err != nil:
		s.Err = fmt.Errorf("it cannot be read: %w", err)
	case definition.Val() == 0:
		s.Err = errors.New("it has no definition: its hash is gone, and with it what to run")
	case max(definition.Val(), meta.Val()) > maxField:
		s.Err = fmt.Errorf("its definition or meta has %d bytes: at most %d are read", max(definition.Val(), meta.Val()), maxField)
	default:
		return true
	}
	return false
}

// answered reports whether an error of a pipeline, if there is one, is an answer of Redis to
// one of its commands: the others have theirs.
func answered(err error) bool {
	var reply redis.Error
	return err == nil || errors.As(err, &reply)
}

// Locked reports whether a RedBeat runs: it then holds a lock, unless it was told not to.
func (r *Reader) Locked(ctx context.Context) (bool, error) {
	n, err := r.client.Exists(ctx, r.prefix+":lock").Result()
	if err != nil {
		return false, fmt.Errorf("read %s:lock: %w", r.prefix, err)
	}
	return n > 0, nil
}
