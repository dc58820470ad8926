-- Renews the record of a daemon.
--
-- KEYS: records (hash: JSON by the ID of the daemon), seen (sorted set: IDs, by when each was seen
--       last, in ms)
-- ARGV: the ID, the record, for how many seconds one that has vanished is told, most records
--
-- Both keys are the roster's alone: one that holds something else is deleted.

local records, seen = KEYS[1], KEYS[2]
local id, record, told, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

for key, kind in pairs({[records] = "hash", [seen] = "zset"}) do
	local is = redis.call("TYPE", key).ok
	if is ~= kind and is ~= "none" then
		redis.call("DEL", key)
	end
end

local function forget(ids)
	for _, one in ipairs(ids) do
		redis.call("HDEL", records, one)
		redis.call("ZREM", seen, one)
	end
end

-- A few at a time: whoever has written many more waits for the next renewals.
forget(redis.call("ZRANGEBYSCORE", seen, "-inf", now - told * 1000, "LIMIT", 0, 100))
-- One from a time to come would stay for ever.
forget(redis.call("ZRANGEBYSCORE", seen, "(" .. now + 60000, "+inf", "LIMIT", 0, 100))
redis.call("HSET", records, id, record)
redis.call("ZADD", seen, now, id)
local over = redis.call("ZCARD", seen) - most
if over > 0 then -- those not seen for the longest time
	forget(redis.call("ZRANGE", seen, 0, math.min(over, 100) - 1))
end
-- What is in one of them alone is nobody's.
if redis.call("HLEN", records) > most + 100 then
	redis.call("DEL", records)
	redis.call("HSET", records, id, record)
end
redis.call("EXPIRE", records, told)
redis.call("EXPIRE", seen, told)
return "ok"
