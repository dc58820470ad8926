package queue

import (
	"context"
	"runtime"

	"github.com/redis/go-redis/v9"
)

// maxBatch bounds the scripts of one round trip, and with them how long others wait for
// Redis.
const maxBatch = 64

// batch sends what a busy lane has for Redis at about the same time in one round trip:
// the ends of attempts, and after them the look for more tasks. Each system call that
// saves, here and in Redis, costs more than the script itself.
type batch struct {
	redis redis.UniversalClient
	calls chan *batched
}

// batched is one script of a batch and, once done is closed, its answer.
type batched struct {
	look   bool
	script func(to redis.Scripter, ending int) *redis.Cmd // ending: attempts that end with the same batch
	cmd    *redis.Cmd
	done   chan struct{}
}

func newBatch(client redis.UniversalClient) *batch {
	return &batch{redis: client, calls: make(chan *batched, maxBatch)}
}

// end sends the script of an attempt's end with others and returns its answer.
func (b *batch) end(script func(redis.Scripter) *redis.Cmd) *redis.Cmd {
	return b.run(&batched{script: func(to redis.Scripter, _ int) *redis.Cmd { return script(to) }})
}

// look sends a look behind the ends of attempts and returns its answer.
func (b *batch) look(script func(to redis.Scripter, ending int) *redis.Cmd) *redis.Cmd {
	return b.run(&batched{script: script, look: true})
}

func (b *batch) run(call *batched) *redis.Cmd {
	call.done = make(chan struct{})
	b.calls <- call
	<-call.done
	return call.cmd
}

// send sends what comes in until calls is closed. While one batch is under way the next
// one gathers.
func (b *batch) send() {
	for call := range b.calls {
		runtime.Gosched() // lets those that are about to end join
		calls := b.gather(call)
		b.roundTrip(calls)
		for _, call := range calls {
			close(call.done)
		}
	}
}

// gather returns call and what else waits.
func (b *batch) gather(call *batched) []*batched {
	calls := []*batched{call}
	for len(calls) < maxBatch {
		select {
		case next, open := <-b.calls:
			if !open {
				return calls
			}
			calls = append(calls, next)
		default:
			return calls
		}
	}
	return calls
}

func (b *batch) roundTrip(calls []*batched) {
	ctx, cancel := context.WithTimeout(context.Background(), settleWithin)
	defer cancel()
	// Each answer, or the failure of all, is in its own cmd.
	_, _ = b.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		ending := 0
		for _, call := range calls {
			if !call.look {
				call.cmd = call.script(p, 0)
				ending++
			}
		}
		for _, call := range calls {
			if call.look {
				call.cmd = call.script(p, ending)
			}
		}
		return nil
	})
}
