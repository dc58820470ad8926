-- Hands out the brakes that are due to be looked at, each to one process for a while.
--
-- KEYS: watched (sorted set: user -> when to look next, in milliseconds)
-- ARGV: for how long, in milliseconds; most of them
--
-- Returns the time in milliseconds, until when they are handed out, then the users.

local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local reply = {now, now + tonumber(ARGV[1])}
for _, user in ipairs(redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", string.format("%.0f", now), "LIMIT", 0, ARGV[2])) do
	redis.call("ZADD", KEYS[1], string.format("%.0f", reply[2]), user)
	table.insert(reply, user)
end
return reply
