-- Reads entries.
--
-- KEYS: entries, books
-- ARGV: ids
--
-- Returns the time in milliseconds, then entry and books of each, empty if absent.

local clock = redis.call("TIME")
local reply = {string.format("%.0f", clock[1] * 1000 + math.floor(clock[2] / 1000))}
local entries = redis.call("HMGET", KEYS[1], unpack(ARGV))
local books = redis.call("HMGET", KEYS[2], unpack(ARGV))
for i = 1, #ARGV do
	reply[#reply + 1] = entries[i] or ""
	reply[#reply + 1] = books[i] or ""
end
return reply
