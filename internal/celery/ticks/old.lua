-- Returns the ticks in the ledger that were sent longest ago, as entry, tick, ...
--
-- KEYS   none: the broker of Celery is never a cluster
-- ARGV   1 JSON: ledger (key of a hash: entry -> tick), ages (key of a sorted set: entry, by when it was
--          written), age (how long ago at least, in seconds), most (how many at most)

local ask = cjson.decode(ARGV[1])
local before = tonumber(redis.call("TIME")[1]) - ask.age
local old = {}
for _, entry in ipairs(redis.call("ZRANGEBYSCORE", ask.ages, "-inf", before, "LIMIT", 0, ask.most)) do
	old[#old + 1] = entry
	old[#old + 1] = redis.call("HGET", ask.ledger, entry) or "0"
end
return old
