-- Cancels a task. One that waits ends at once, in the dead letter, as asynq archives; of one
-- that runs it is written that it is cancelled, for the lane that holds it. One whose end is to be
-- told waits so for a lane, which ends it and tells. index.lua and byhand.lua stand before this.
--
-- ARGV: {tells: whether its end is to be told, error: why it ended, JSON, cancel: who cancels, JSON,
--       oldest: for how many seconds the dead letter keeps a task, most: how many it keeps, prefix:
--       task key prefix}, what the message gets appended
--
-- Returns "ended", "asked" (a lane ends it), "before" (the same request has cancelled it, and somebody
-- has run it again since), or "" if it is in no state to be cancelled, and the rest of answer; or
-- {"wrong", a key of another type}.

local function trim()
	local old = redis.call("ZRANGEBYSCORE", sets.archived, "-inf", clock[1] - given.oldest, "LIMIT", 0, 1000)
	local extra = redis.call("ZRANGE", sets.archived, 0, -given.most)
	for _, list in ipairs({old, extra}) do
		for n = 1, math.min(#list, 1000) do
			redis.call("ZREM", sets.archived, list[n])
			fromIndex(given.prefix .. list[n], list[n])
			redis.call("DEL", given.prefix .. list[n])
		end
	end
	runIndexing("ZREM", given.index)
end

-- handOver has the next lane that is free take the task, to end it.
local function handOver()
	local wrong = misfit(pending, "list") or misfit(wake, "list")
	if wrong then
		return wrong
	end
	local before = answer("asked")
	leave()
	keep()
	redis.call("HDEL", task, "parked", "due_ms", "group", "awaits")
	redis.call("HSETNX", task, "cancel", given.cancel)
	redis.call("HSET", task, "state", "pending", "pending_since", nanos)
	redis.call("RPUSH", pending, id)
	redis.call("LPUSH", wake, "")
	redis.call("LTRIM", wake, 0, given.tokens - 1)
	return before
end

if repeated() and redis.call("HEXISTS", task, "cancel") == 0 then
	return answer("before")
end
if word == "active" then
	local before = answer("asked")
	redis.call("DEL", given.nothing)
	redis.call("HSETNX", task, "cancel", given.cancel)
	keep()
	return before
end
if word ~= "pending" and word ~= "scheduled" and word ~= "retry" and word ~= "aggregating" then
	return answer("")
end
if given.tells then
	return handOver()
end
local wrong = misfit(sets.archived, "zset")
if wrong then
	return wrong
end
local before = answer("ended")
leave()
keep()
unlock()
local msg = redis.call("HGET", task, "msg")
redis.call("HDEL", task, "parked", "due_ms", "pending_since", "group", "cancel", "awaits")
redis.call("HSET", task, "state", "archived", "ending", "cancelled", "error", given.error)
if msg then
	redis.call("HSET", task, "msg", msg .. ARGV[2])
end
redis.call("ZADD", sets.archived, clock[1], id)
trim()
return before
