-- Tells one event, once; tell.lua stands before this.
--
-- KEYS: counter, stream
-- ARGV: user, deployment, type, fields as JSON without its braces, the key of the telling: one
--       that is repeated, since its answer was lost, tells nothing more
--
-- Returns its number.

local latest = redis.pcall("XREVRANGE", KEYS[2], "+", "-", "COUNT", 32)
for _, event in ipairs(latest) do
	for i = 1, #event[2] - 1, 2 do
		if event[2][i] == "key" and event[2][i + 1] == ARGV[5] then
			return tonumber(string.match(event[1], "^%d+"))
		end
	end
end

local clock = redis.call("TIME")
stage = {counter = KEYS[1], stream = KEYS[2], user = ARGV[1], deployment = ARGV[2], now = clock[1] * 1000 + math.floor(clock[2] / 1000), key = ARGV[5]}
local _, seq = tell(ARGV[3], ARGV[4])
return seq
