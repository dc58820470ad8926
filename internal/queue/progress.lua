-- Keeps the progress of a task, unless the task is gone or a later one is kept: one that was
-- held up on its way must not take the place of what was told after it.
--
-- KEYS: the task
-- ARGV: {attempt: which attempt tells it, at: when, in microseconds}, the progress

local given = cjson.decode(ARGV[1])
if redis.call("TYPE", KEYS[1]).ok ~= "hash" then
	return 0
end
local attempt, at = string.match(redis.call("HGET", KEYS[1], "progress_at") or "", "^(%d+) (%d+)$")
attempt, at = tonumber(attempt or 0), tonumber(at or 0)
if attempt > given.attempt or attempt == given.attempt and at >= given.at then
	return 0
end
redis.call("HSET", KEYS[1], "progress", ARGV[2], "progress_at", string.format("%.0f %.0f", given.attempt, given.at))
return 1
