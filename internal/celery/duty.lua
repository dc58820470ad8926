-- Enters a worker in the roster of those that have the door open, and gives the duty to one of them:
-- to the one that has it, or else to whoever asks first.
--
-- KEYS   1 duty: who has it, 2 roster: hash of workers, by name
-- ARGV   1 JSON: node, line (what the roster has of it), lease (ms for which it is believed)
--
-- Returns 1 if the worker is on duty, and then the lines of the roster that still hold.

local ask = cjson.decode(ARGV[1])
local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

if redis.call("TYPE", KEYS[2]).ok ~= "hash" then
	redis.call("DEL", KEYS[2])
end
redis.call("HSET", KEYS[2], ask.node, string.format("%.0f", now + ask.lease) .. " " .. ask.line)
local holder = redis.pcall("GET", KEYS[1])
if holder ~= ask.node and type(holder) == "string" then
	return {0}
end
redis.call("SET", KEYS[1], ask.node, "PX", ask.lease)
local answer = {1}
local all = redis.call("HGETALL", KEYS[2])
for i = 1, #all, 2 do
	local ends, line = string.match(all[i + 1], "^(%d+) (.*)$")
	if ends and tonumber(ends) > now then
		answer[#answer + 1] = line
	else
		redis.call("HDEL", KEYS[2], all[i])
	end
end
return answer
