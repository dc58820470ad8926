-- Claims due entries: pushes them a lease ahead, so that no other engine takes them
-- meanwhile.
--
-- KEYS: due, entries, books
-- ARGV: how many at most, the lease in milliseconds, after how many bytes of entries it
--       stops
--
-- Returns the time in milliseconds, then id, entry and books of each.

local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- Spelled out, because Lua would write large numbers as 1.7e+12.
local reply, lapses = {string.format("%.0f", now)}, string.format("%.0f", now + ARGV[2])
local room = tonumber(ARGV[3])

local ids = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", reply[1], "LIMIT", 0, ARGV[1])
-- A few at a time, so that what does not fit is not read.
local step = 50
for first = 1, #ids, step do
	local some = {unpack(ids, first, math.min(first + step - 1, #ids))}
	local entries = redis.call("HMGET", KEYS[2], unpack(some))
	local books = redis.call("HMGET", KEYS[3], unpack(some))
	local claims = {}
	for i, id in ipairs(some) do
		claims[2 * i - 1], claims[2 * i] = lapses, id
		reply[#reply + 1] = id
		reply[#reply + 1] = entries[i] or ""
		reply[#reply + 1] = books[i] or ""
		room = room - #reply[#reply - 1]
	end
	redis.call("ZADD", KEYS[1], unpack(claims))
	if room <= 0 then
		break
	end
end
return reply
