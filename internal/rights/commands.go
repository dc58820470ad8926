package rights

// samples are all commands that Switchyard sends, those inside of scripts included, each with arguments that Redis accepts. KEY stands for a key, CHANNEL for a
// channel. A test compares them with what Redis has counted.
var samples = []string{
	"BLPOP KEY 1",
	"DEL KEY",
	"DISCARD",
	"EVAL return 0",
	"EVALSHA 0 0",
	"EXEC",
	"EXISTS KEY",
	"EXPIRE KEY 1",
	"EXPIREAT KEY 1",
	"GET KEY",
	"HDEL KEY f",
	"HEXISTS KEY f",
	"HGET KEY f",
	"HGETALL KEY",
	"HINCRBY KEY f 1",
	"HLEN KEY",
	"HMGET KEY f",
	"HSCAN KEY 0",
	"HSET KEY f v",
	"HSETNX KEY f v",
	"HSTRLEN KEY f",
	"INCRBY KEY 1",
	"INFO",
	"LINDEX KEY 0",
	"LLEN KEY",
	"LPOS KEY v",
	"LPUSH KEY v",
	"LRANGE KEY 0 0",
	"LREM KEY 0 v",
	"LTRIM KEY 0 0",
	"MULTI",
	"PEXPIRE KEY 1",
	"PING",
	"PSUBSCRIBE CHANNEL",
	"PTTL KEY",
	"PUBLISH CHANNEL v",
	"RENAME KEY KEY",
	"RPOP KEY",
	"RPOPLPUSH KEY KEY",
	"RPUSH KEY v",
	"SADD KEY v",
	"SCAN 0",
	"SCARD KEY",
	"SCRIPT LOAD return",
	"SELECT 0",
	"SET KEY v",
	"SISMEMBER KEY v",
	"SMEMBERS KEY",
	"SPOP KEY",
	"SRANDMEMBER KEY",
	"SREM KEY v",
	"SSCAN KEY 0",
	"SUBSCRIBE CHANNEL",
	"SUNION KEY",
	"SUNIONSTORE KEY KEY",
	"TIME",
	"TYPE KEY",
	"XADD KEY * f v",
	"XRANGE KEY - +",
	"XREVRANGE KEY + -",
	"ZADD KEY 0 v",
	"ZCARD KEY",
	"ZCOUNT KEY 0 0",
	"ZMSCORE KEY v",
	"ZRANGE KEY 0 0",
	"ZRANGEBYLEX KEY - +",
	"ZRANGEBYSCORE KEY 0 0",
	"ZREM KEY v",
	"ZREMRANGEBYRANK KEY 0 0",
	"ZREMRANGEBYSCORE KEY 0 0",
	"ZREVRANGE KEY 0 0",
	"ZREVRANGEBYSCORE KEY 0 0",
	"ZSCAN KEY 0",
	"ZSCORE KEY v",
}

// ofProducers are the commands among the samples that producers send, those of the scripts included that add tasks
// and cancel them.
var ofProducers = []string{
	"del", "discard", "eval", "evalsha", "exec", "exists", "expire", "get", "hdel", "hexists", "hget",
	"hgetall", "hmget", "hset", "hsetnx", "llen", "lpush", "lrem", "ltrim", "multi", "ping", "pttl", "publish",
	"rpush", "sadd", "select", "set", "srem", "time", "type", "xadd", "zadd", "zcard", "zrange",
	"zrangebyscore", "zrem", "zscore",
}

// ofAsynqmon are those that only the pages of asynqmon send.
var ofAsynqmon = []string{
	"HVALS KEY",
	"MEMORY USAGE KEY",
}

// ofCelery are those that only whoever speaks with Celery's applications and workers sends.
var ofCelery = []string{"CLIENT ID", "CLIENT TRACKING off", "LMOVE KEY KEY RIGHT LEFT", "UNSUBSCRIBE CHANNEL"}

// ofClusters are those that only a Cluster is sent.
var ofClusters = []string{
	"ASKING",
	"CLUSTER INFO",
	"CLUSTER KEYSLOT KEY",
	"CLUSTER SLOTS",
	"COMMAND",
}
