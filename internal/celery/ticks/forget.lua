-- Forgets ticks in the ledger, unless a later one took their place.
--
-- KEYS   none: the broker of Celery is never a cluster
-- ARGV   1 JSON: ledger (key of a hash: entry -> tick), ages (key of a sorted set: entry, by when it was
--          written), ticks (entry -> tick)
--
-- Returns 0.

local ask = cjson.decode(ARGV[1])
for entry, tick in pairs(ask.ticks) do
	local latest = redis.call("HGET", ask.ledger, entry)
	if not latest or (tonumber(latest) or 0) == tonumber(tick) then
		redis.call("HDEL", ask.ledger, entry)
		redis.call("ZREM", ask.ages, entry)
	end
end
return 0
