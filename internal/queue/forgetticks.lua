-- Forgets ticks in the ledger, unless a later one took their place.
--
-- KEYS: ledger, ledger's ages
-- ARGV: entry, tick, ...

for i = 1, #ARGV, 2 do
	local latest = redis.call("HGET", KEYS[1], ARGV[i])
	if not latest or latest == ARGV[i + 1] then
		redis.call("HDEL", KEYS[1], ARGV[i])
		redis.call("ZREM", KEYS[2], ARGV[i])
	end
end
return 0
