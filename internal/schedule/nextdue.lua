-- Tells when the next entry is due.
--
-- KEYS: due
--
-- Returns the time and, if there is one, when the next entry is due, both in milliseconds.

local clock = redis.call("TIME")
local head = redis.call("ZRANGE", KEYS[1], 0, 0, "WITHSCORES")
return {string.format("%.0f", clock[1] * 1000 + math.floor(clock[2] / 1000)), head[2]}
