-- Reads the roster. It writes nothing.
--
-- KEYS: records, seen (see renew.lua)
-- ARGV: most records, the most bytes of one
--
-- Returns the time in ms, and for each daemon, the one seen last first: its ID, when it was seen, its
-- record.

local records, seen = KEYS[1], KEYS[2]
local clock = redis.call("TIME")
local all = {string.format("%.0f", clock[1] * 1000 + math.floor(clock[2] / 1000))}
local ids = redis.pcall("ZREVRANGE", seen, 0, ARGV[1] - 1, "WITHSCORES")
if ids.err then
	return all
end
for i = 1, #ids, 2 do
	local length = redis.pcall("HSTRLEN", records, ids[i])
	if type(length) == "number" and length > 0 and length <= tonumber(ARGV[2]) then
		all[#all + 1], all[#all + 2], all[#all + 3] = ids[i], ids[i + 1], redis.call("HGET", records, ids[i])
	end
end
return all
