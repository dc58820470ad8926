-- Puts one text in the place of another one, unless somebody has changed it meanwhile.
--
-- KEYS   1 hash
-- ARGV   1 JSON: field, there (whether it is to be there), leaves (whether it is to go)
--        2 the text that is to be there
--        3 the text that takes its place
--
-- Returns 1 if it was done, 0 if another text is there.

local ask = cjson.decode(ARGV[1])
if redis.call("TYPE", KEYS[1]).ok ~= "hash" then
	redis.call("DEL", KEYS[1])
end
local text = redis.call("HGET", KEYS[1], ask.field)
if ask.there and text ~= ARGV[2] or not ask.there and text then
	return 0
end
if ask.leaves then
	redis.call("HDEL", KEYS[1], ask.field)
else
	redis.call("HSET", KEYS[1], ask.field, ARGV[3])
end
return 1
