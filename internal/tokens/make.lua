-- Stores a new token, unless there are too many that have not ended.
--
-- KEYS: token (hash: token, hash, parent; later uses, used, revoked), the index it belongs to
--       (sorted set: IDs, by when the token ends, in ms), the index of its parent's children (the
--       same; a key that is never there for a token without a parent)
-- ARGV: JSON {id, token: what keys of tokens begin with, parent: an ID or "", now, ends: ms or 0 for
--       never, keep: for how long after its end a token is kept in ms, most: how many may be active,
--       of_one: how many of one parent}, the token's JSON, the hash of its secret
--
-- Returns "made"; or "taken" if there is a token of this ID, "full", or "parent" if its parent has
-- too many.

local token, index, siblings = KEYS[1], KEYS[2], KEYS[3]
local ask = cjson.decode(ARGV[1])
local isChild = ask.parent ~= ""

local function text(ms) return string.format("%.0f", ms) end

local function active(key) return redis.call("ZCOUNT", key, "(" .. text(ask.now), "+inf") end

if redis.call("EXISTS", token) == 1 then
	return "taken"
end
if active(index) >= ask.most then
	return "full"
end
if isChild and active(siblings) >= ask.of_one then
	return "parent"
end

-- This needs memory, so that a full Redis refuses the token before anything is written.
redis.call("HSET", token, "token", ARGV[2], "hash", ARGV[3], "parent", ask.parent)
local ends = "+inf"
if ask.ends > 0 then
	ends = text(ask.ends)
	redis.call("PEXPIRE", token, text(ask.ends - ask.now + ask.keep))
end
redis.call("ZADD", index, ends, ask.id)

-- forget drops from an index what Redis has forgotten.
local function forget(key)
	redis.call("ZREMRANGEBYSCORE", key, "-inf", text(ask.now - ask.keep))
end

forget(index)
if isChild then
	redis.call("ZADD", siblings, ends, ask.id)
	redis.call("PEXPIRE", siblings, text(ask.ends - ask.now + ask.keep))
	forget(siblings)
end

-- Those that have ended are bounded, too. The earliest go, not many at once.
local over = redis.call("ZCOUNT", index, "-inf", text(ask.now)) - ask.most
if over > 0 then
	for _, id in ipairs(redis.call("ZRANGE", index, 0, math.min(over, 100) - 1)) do
		redis.call("DEL", ask.token .. id)
		redis.call("ZREM", index, id)
	end
end
return "made"
