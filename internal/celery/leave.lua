-- Takes a worker off the roster, and the duty from it, if it has that.
--
-- KEYS   1 duty, 2 roster
-- ARGV   1 JSON: node

local node = cjson.decode(ARGV[1]).node
redis.call("HDEL", KEYS[2], node)
if redis.pcall("GET", KEYS[1]) == node then
	redis.call("DEL", KEYS[1])
end
return 1
