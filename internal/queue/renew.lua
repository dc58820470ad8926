-- Renews the leases that are still the caller's. A lease's score is its end by Redis's
-- clock, to half a second, and its fraction is the mark of whoever took the task: a
-- different one means that somebody else has taken it since. Done twice it is the same as
-- done once, so a lost reply does no harm.
--
-- KEYS: lease
-- ARGV: lease in seconds, then id, mark, ...
--
-- Returns the ids that are no longer the caller's.

local clock = redis.call("TIME")
local ends = tonumber(clock[1]) + tonumber(clock[2]) / 1000000 + tonumber(ARGV[1])
local lost = {}
for i = 2, #ARGV, 2 do
	local held, mark = redis.call("ZSCORE", KEYS[1], ARGV[i]), tonumber(ARGV[i + 1]) / 1048576
	if held and tonumber(held) % 1 == mark then
		redis.call("ZADD", KEYS[1], string.format("%.17g", math.floor(ends - mark + 0.5) + mark), ARGV[i])
	else
		table.insert(lost, ARGV[i])
	end
end
return lost
