-- Keeps that tasks of Celery were revoked.
--
-- KEYS   1 revoked: the IDs of tasks, by when that is forgotten, Unix time in s
-- ARGV   1 JSON: ids, now, until (when these are forgotten, as a text)
--
-- Returns the IDs of which it was not known.

local ask = cjson.decode(ARGV[1])
if redis.call("TYPE", KEYS[1]).ok ~= "zset" then
	redis.call("DEL", KEYS[1])
end
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", ask.now)
local fresh = {}
for _, id in ipairs(ask.ids) do
	if redis.call("ZADD", KEYS[1], ask["until"], id) == 1 then
		fresh[#fresh + 1] = id
	end
end
return fresh
