-- Counts the entries that are due and that nobody has taken. It writes nothing.
--
-- KEYS: due, entries
--
-- Returns how many are overdue, for how many milliseconds the first has been, and how many entries
-- there are. Whoever takes an entry puts it ahead, so what is in the past is in nobody's hands.

local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local overdue = redis.call("ZCOUNT", KEYS[1], "-inf", string.format("%.0f", now))
local head = redis.call("ZRANGE", KEYS[1], 0, 0, "WITHSCORES")[2]
local since = tonumber(head or "") or now
if not (since > 0 and since < now) then -- no time at all says nothing of how long
	since = now
end
return {overdue, now - since, redis.call("HLEN", KEYS[2])}
