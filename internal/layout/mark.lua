-- Notes which layout the keys of a deployment have, and what older programs do not serve of them.
--
-- KEYS: the mark (hash: reads, writes, by, at, and feature:<name> for each feature that has been used)
-- ARGV: what to do, the latest layout that who asks knows, its release, fields and values of features
--
--   look   notes nothing
--   claim  notes the layout, if nothing does yet, and the features, if who asks may work here
--   raise  has the layout that who asks knows written, unless a later one is
--
-- Returns reads, writes, by and at of the mark, and then all its fields with their values; nothing if
-- there is none. A mark that is no hash is returned as four words that say so.

local mark, verb, knows, release = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]

local function begin()
	local clock = redis.call("TIME")
	redis.call("HSET", mark, "reads", knows, "writes", knows, "by", release,
		"at", clock[1] .. string.format("%03d", math.floor(clock[2] / 1000)))
end

local is = redis.call("TYPE", mark).ok
if is == "none" then
	if verb == "look" then
		return {}
	end
	begin()
elseif is ~= "hash" then
	return {"a", is, "", ""}
end
local reads, writes = unpack(redis.call("HMGET", mark, "reads", "writes"))
reads, writes = tonumber(reads or ""), tonumber(writes or "")
if verb == "raise" and reads and writes and writes < knows then
	begin()
elseif verb == "claim" and reads and reads <= knows then
	for i = 4, #ARGV, 2 do
		redis.call("HSETNX", mark, ARGV[i], ARGV[i + 1])
	end
end
local fields = redis.call("HMGET", mark, "reads", "writes", "by", "at")
for i = 1, 4 do
	fields[i] = fields[i] or ""
end
for _, text in ipairs(redis.call("HGETALL", mark)) do
	fields[#fields + 1] = text
end
return fields
