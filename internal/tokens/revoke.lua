-- Revokes a token at once, on a full Redis too. What is no token is deleted.
--
-- KEYS: token (hash), the index of tokens, that of children (sorted sets: IDs, by when they end), a
--       key that never exists
-- ARGV: JSON {id, token: what keys of tokens begin with, children: what the indexes of one
--       parent's children begin with, now: ms, keep: for how long in ms it is kept now, keep_child:
--       the same of a child}
--
-- Returns 1 if it was not revoked before, else 0.

local token, made, children = KEYS[1], KEYS[2], KEYS[3]
local ask = cjson.decode(ARGV[1])
local now = string.format("%.0f", ask.now)

redis.call("DEL", KEYS[4]) -- the first write needs no memory, so that the others may
local is = redis.call("TYPE", token).ok
if is == "none" then
	return 0
end
if is ~= "hash" or redis.call("HEXISTS", token, "token") == 0 then
	redis.call("DEL", token)
	redis.pcall("ZREM", made, ask.id)
	redis.pcall("ZREM", children, ask.id)
	return 1
end
if redis.call("HEXISTS", token, "revoked") == 1 then
	return 0
end
redis.call("HSET", token, "revoked", now)
local parent, keep = redis.call("HGET", token, "parent") or "", ask.keep
if parent ~= "" then
	keep = ask.keep_child
	redis.pcall("ZADD", children, "XX", now, ask.id)
	redis.pcall("ZADD", ask.children .. parent, "XX", now, ask.id)
else
	redis.pcall("ZADD", made, "XX", now, ask.id)
end
redis.call("PEXPIRE", token, string.format("%.0f", keep))
return 1
