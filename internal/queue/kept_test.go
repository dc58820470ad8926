package queue

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// TestATaskThatIsDeletedWhileItIsReadIsGone has a task's state read before somebody deletes it, and
// the rest after that.
func TestATaskThatIsDeletedWhileItIsReadIsGone(t *testing.T) {
	for want, fields := range map[tasks.State][]any{"": make([]any, len(keptFields)), tasks.StateBroken: append([]any{"active"}, make([]any, len(keptFields)-1)...)} {
		k := kept{
			state:     stateReply{fields: answered([]any{"active", nil, nil}, "state", "parked", "ending"), due: redis.NewFloatResult(0, redis.Nil)},
			scheduled: redis.NewFloatResult(0, redis.Nil), archived: redis.NewFloatResult(0, redis.Nil), fields: answered(fields, keptFields...),
		}
		if s, err := k.status(tasks.Name{Queue: "agents", ID: "x"}); err != nil || s.State != want {
			t.Errorf("fields %v: state %q, %v; want %q", fields, s.State, err, want)
		}
	}
}

// answered returns the answer to the question for fields of a hash.
func answered(values []any, fields ...string) *redis.SliceCmd {
	args := []any{"hmget", "task"}
	for _, field := range fields {
		args = append(args, field)
	}
	reply := redis.NewSliceCmd(context.Background(), args...)
	reply.SetVal(values)
	return reply
}
