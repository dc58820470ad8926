-- Takes up a request that has a key, unless it was answered or somebody is at it.
--
-- KEYS: the request (hash: sum: over what it asks for, id, busy: Unix time in ms until when nobody
--       else takes it up, answer)
-- ARGV: {sum, id: for one that is new, busy: for how many ms nobody else takes it up, known: for how
--       many seconds it is known}
--
-- Returns {"begun", id}, {"again", id} (nobody has answered it), {"answered", answer}, {"busy"}, {"other"}
-- (the key is that of another request), or {"wrong", the key that is no hash}.

local request, given = KEYS[1], cjson.decode(ARGV[1])
local is = redis.call("TYPE", request).ok
if is ~= "hash" and is ~= "none" then
	return {"wrong", request .. " is a " .. is .. " and must be a hash"}
end

local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local known = redis.call("HMGET", request, "sum", "id", "busy", "answer")
local sum, id, busy, answer = known[1], known[2], tonumber(known[3] or 0) or 0, known[4]
if sum and sum ~= given.sum then
	return {"other"}
elseif sum and answer then
	return {"answered", answer}
elseif sum and now < busy then
	return {"busy"}
end
local word = sum and id and "again" or "begun"
if word == "begun" then
	id = given.id
end
redis.call("HSET", request, "sum", given.sum, "id", id, "busy", string.format("%.0f", now + given.busy))
redis.call("EXPIRE", request, given.known)
return {word, id}
