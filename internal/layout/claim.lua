-- Notes which layout the keys of a deployment have, if nothing does yet.
--
-- KEYS: the mark (hash: reads, writes, by, at)
-- ARGV: the layout of who asks, 0 to note nothing; its release
--
-- Returns the fields of the mark in this order, nothing if there is none. A mark that is no hash
-- is returned as four words that say so.

local is = redis.call("TYPE", KEYS[1]).ok
if is == "none" then
	if ARGV[1] == "0" then
		return {}
	end
	local clock = redis.call("TIME")
	redis.call("HSET", KEYS[1], "reads", ARGV[1], "writes", ARGV[1], "by", ARGV[2],
		"at", clock[1] .. string.format("%03d", math.floor(clock[2] / 1000)))
elseif is ~= "hash" then
	return {"a", is, "", ""}
end
local fields = redis.call("HMGET", KEYS[1], "reads", "writes", "by", "at")
for i = 1, 4 do
	fields[i] = fields[i] or ""
end
return fields
