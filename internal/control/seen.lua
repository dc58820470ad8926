-- Notes when a brake is to be looked at again, unless somebody has asked for that since.
--
-- KEYS: watched
-- ARGV: user, until when it was handed out, when to look next, both in milliseconds; 0: never

if redis.call("ZSCORE", KEYS[1], ARGV[1]) ~= ARGV[2] then
	return 0
end
if ARGV[3] == "0" then
	return redis.call("ZREM", KEYS[1], ARGV[1])
end
redis.call("ZADD", KEYS[1], ARGV[3], ARGV[1])
return 1
