-- Runs a task at once if it is parked, and nothing otherwise.
--
-- KEYS: the task, retry, pending, wake list
-- ARGV: id, most tokens a wake list may hold, after how many seconds no retry is due
--
-- Returns "goes on", "ending" or "not parked".

local task = redis.call("HMGET", KEYS[1], "state", "parked")
if task[1] == "active" then
	return "ending"
end
local clock = redis.call("TIME")
local score = redis.call("ZSCORE", KEYS[2], ARGV[1])
-- Earlier versions did not say that a task is parked, but no retry is due so late.
if task[1] ~= "retry" or not score or task[2] ~= "1" and tonumber(score) < tonumber(clock[1]) + tonumber(ARGV[3]) then
	return "not parked"
end
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("HDEL", KEYS[1], "parked", "due_ms")
redis.call("HSET", KEYS[1], "state", "pending", "pending_since", clock[1] .. string.format("%06d000", tonumber(clock[2])))
redis.call("LPUSH", KEYS[3], ARGV[1])
redis.call("LPUSH", KEYS[4], "")
redis.call("LTRIM", KEYS[4], 0, tonumber(ARGV[2]) - 1)
return "goes on"
