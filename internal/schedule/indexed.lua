-- Tells whether the index of owners knows as many entries as there are.
--
-- KEYS: entries, owners
--
-- Returns 1 or 0.

if redis.call("HLEN", KEYS[1]) == redis.call("ZCARD", KEYS[2]) then
	return 1
end
return 0
