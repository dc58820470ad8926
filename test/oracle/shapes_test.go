package oracle

// asynqs is all that asynq has in Redis for a queue: keys with their types, fields, parts of
// messages.
var asynqs = []string{
	"asynq:queues is a set", "asynq:queues <member>",
	"asynq:{agents}:active is a list", "asynq:{agents}:active <member>",
	"asynq:{agents}:archived is a zset", "asynq:{agents}:archived <member>",
	"asynq:{agents}:completed is a zset", "asynq:{agents}:completed <member>",
	"asynq:{agents}:failed is a string", "asynq:{agents}:failed =",
	"asynq:{agents}:failed:<day> is a string", "asynq:{agents}:failed:<day> =", "asynq:{agents}:failed:<day> expires",
	"asynq:{agents}:g:together is a zset", "asynq:{agents}:g:together <member>",
	"asynq:{agents}:groups is a set", "asynq:{agents}:groups <member>",
	"asynq:{agents}:lease is a zset", "asynq:{agents}:lease <member>",
	"asynq:{agents}:paused is a string", "asynq:{agents}:paused =",
	"asynq:{agents}:pending is a list", "asynq:{agents}:pending <member>",
	"asynq:{agents}:processed is a string", "asynq:{agents}:processed =",
	"asynq:{agents}:processed:<day> is a string", "asynq:{agents}:processed:<day> =", "asynq:{agents}:processed:<day> expires",
	"asynq:{agents}:retry is a zset", "asynq:{agents}:retry <member>",
	"asynq:{agents}:scheduled is a zset", "asynq:{agents}:scheduled <member>",
	"asynq:{agents}:unique:<lock> is a string", "asynq:{agents}:unique:<lock> =", "asynq:{agents}:unique:<lock> expires",
	"asynq:{agents}:t:<id> is a hash",
	"asynq:{agents}:t:<id> .group", "asynq:{agents}:t:<id> .pending_since", "asynq:{agents}:t:<id> .result",
	"asynq:{agents}:t:<id> .state", "asynq:{agents}:t:<id> .unique_key",
	"asynq:{agents}:t:<id> msg.completed_at", "asynq:{agents}:t:<id> msg.deadline", "asynq:{agents}:t:<id> msg.error",
	"asynq:{agents}:t:<id> msg.group", "asynq:{agents}:t:<id> msg.id", "asynq:{agents}:t:<id> msg.kind",
	"asynq:{agents}:t:<id> msg.last_failed_at", "asynq:{agents}:t:<id> msg.payload", "asynq:{agents}:t:<id> msg.queue",
	"asynq:{agents}:t:<id> msg.retention", "asynq:{agents}:t:<id> msg.retried", "asynq:{agents}:t:<id> msg.retry",
	"asynq:{agents}:t:<id> msg.timeout", "asynq:{agents}:t:<id> msg.unique_key",
}

// additions is what ours may have beside it; docs/redis.md tells what each is for.
var additions = []string{
	"asynq:{agents}:t:<id> .due_ms", "asynq:{agents}:t:<id> .error", "asynq:{agents}:t:<id> .losses",
	"asynq:{agents}:t:<id> .attempt", "asynq:{agents}:t:<id> .attempts", "asynq:{agents}:t:<id> .index",
	"asynq:{agents}:t:<id> .parked", "asynq:{agents}:t:<id> .run",
	"asynq:{agents}:t:<id> msg.header.switchyard-version", "asynq:{agents}:t:<id> msg.header.switchyard-wakes",
	"switchyard:{agents}:index:kind:agent_probe is a zset", "switchyard:{agents}:index:kind:agent_probe <member>",
	"switchyard:{agents}:index:kinds is a set", "switchyard:{agents}:index:kinds <member>",
	"switchyard:{agents}:wake is a list", "switchyard:{agents}:wake <member>",
	"switchyard:{agents}:wake:<lane> is a list", "switchyard:{agents}:wake:<lane> <member>", "switchyard:{agents}:wake:<lane> expires",
}
