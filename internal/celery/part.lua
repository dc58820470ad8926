-- Returns the part of a task to its chord, once, and says whether the chord is complete. Celery's
-- workers do the same on the same keys; whoever returns the last part sends the body.
--
-- KEYS   none: the backend of Celery is never a cluster
-- ARGV   1 JSON: parts, size, extra and saved (Celery's keys of the group), ours (hash: what we have
--        done), id (of the task), place (its score), for (seconds for which all that is kept),
--        known (for which ours is), patience (ms for which a chord whose size came late is left to
--        others)
--        2 the part
--
-- Returns {"done"} (there is nothing to do), {"unsized"} (complete or not, nobody can say: ask again)
-- or {"ready", saved, part, part, ...}.

local ask = cjson.decode(ARGV[1])
local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local state = redis.call("HGET", ask.ours, "state")
if state == "sent" then
	return {"done"}
end
local added = false
if redis.call("HSETNX", ask.ours, "part:" .. ask.id, "1") == 1 then
	redis.call("ZADD", ask.parts, ask.place, ARGV[2])
	added = true
end
redis.call("EXPIRE", ask.ours, ask.known)
if ask["for"] > 0 then
	for _, key in ipairs({ask.parts, ask.size, ask.extra}) do
		redis.call("EXPIRE", key, ask["for"])
	end
end

local size = tonumber(redis.call("GET", ask.size) or "")
local there = redis.call("ZCARD", ask.parts)
if state ~= "claimed" then
	if not size then
		-- The producer writes the size with the messages of the group, maybe a moment later. Once all
		-- parts are gone, another has sent the body.
		if there == 0 then
			return {"done"}
		end
		redis.call("HSET", ask.ours, "state", "unsized")
		return {"unsized"}
	end
	if there < size + (tonumber(redis.call("GET", ask.extra) or "") or 0) then
		if state == "unsized" then
			redis.call("HDEL", ask.ours, "state")
		end
		return {"done"} -- who returns the last part sees to it
	end
	if not added then
		-- It was another's part that completed it, or the size came after all parts. In the one case
		-- the other is about to send the body; in the other nobody does.
		local since = tonumber(redis.call("HGET", ask.ours, "since") or "")
		if state ~= "unsized" then
			return {"done"}
		elseif not since or now - since < ask.patience then
			redis.call("HSETNX", ask.ours, "since", string.format("%.0f", now))
			return {"unsized"}
		end
	end
	redis.call("HSET", ask.ours, "state", "claimed")
end
local answer = {"ready", redis.call("GET", ask.saved) or ""}
for _, part in ipairs(redis.call("ZRANGE", ask.parts, 0, -1)) do
	answer[#answer + 1] = part
end
return answer
