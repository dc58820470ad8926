-- Returns the ticks in the ledger that were added longest ago, as entry, tick, ...
--
-- KEYS: ledger, ledger's ages
-- ARGV: how long ago at least, in seconds; how many at most

local before = redis.call("TIME")[1] - tonumber(ARGV[1])
local old = {}
for _, entry in ipairs(redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", before, "LIMIT", 0, ARGV[2])) do
	old[#old + 1] = entry
	old[#old + 1] = redis.call("HGET", KEYS[1], entry) or "0"
end
return old
