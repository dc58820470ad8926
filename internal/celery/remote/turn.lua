-- Takes the turn to do something that one of many does at times.
--
-- KEYS   1 turn: when the next one is, Unix time in ms
-- ARGV   1 JSON: every (ms until the next turn)
--
-- Returns 1 if it is the caller's turn, else 0.

local every = cjson.decode(ARGV[1]).every
local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local next = redis.pcall("GET", KEYS[1])
next = type(next) == "string" and tonumber(next) or 0
if next > now and next <= now + every then
	return 0
end
redis.call("SET", KEYS[1], string.format("%.0f", now + every), "PX", every)
return 1
