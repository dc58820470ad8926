-- What the scripts know of turns that deal with them; it stands before each of them.
--
-- A turn is the right of a task to run, now or as soon as a worker is free. With a limit a
-- user has no more turns in a queue than that. The tasks without one wait in a group of
-- asynq's with the user's name, in order, so that asynqmon shows and handles them.
--
-- q holds the limit and the keys: pending, groups, and the prefixes tasks, group and turns.

local function lineOf(user)
	return "user:" .. user
end

-- freeTurns returns how many more turns a user may have. A task that neither runs nor is
-- next has lost its turn: it has ended, or was removed by hand.
local function freeTurns(q, user)
	local free = q.limit
	for _, id in ipairs(redis.call("SMEMBERS", q.turns .. user)) do
		local state = redis.call("HGET", q.tasks .. id, "state")
		if state == "active" or state == "pending" then
			free = free - 1
		else
			redis.call("SREM", q.turns .. user, id)
		end
	end
	return free
end

-- giveTurns gives a user's free turns to those tasks of theirs that have waited longest,
-- which go to the end of the queue: others were there first. It returns how many.
local function giveTurns(q, user, nanos)
	local free, given = freeTurns(q, user), 0
	if free < 1 then
		return 0
	end
	local line = q.group .. lineOf(user)
	for _, id in ipairs(redis.call("ZRANGE", line, 0, free - 1)) do
		redis.call("ZREM", line, id)
		if redis.call("HGET", q.tasks .. id, "state") == "aggregating" then
			redis.call("HDEL", q.tasks .. id, "group")
			redis.call("HSET", q.tasks .. id, "state", "pending", "pending_since", nanos)
			redis.call("SADD", q.turns .. user, id)
			redis.call("LPUSH", q.pending, id)
			given = given + 1
		end
	end
	if redis.call("ZCARD", line) == 0 then
		redis.call("SREM", q.groups, lineOf(user))
	end
	return given
end

-- takeTurn reports whether a task of a user may run. One that may not has been put at the
-- end of its user's line.
local function takeTurn(q, user, id, now)
	local line = q.group .. lineOf(user)
	if redis.call("SISMEMBER", q.turns .. user, id) == 1 then
		return true
	end
	if freeTurns(q, user) > 0 and redis.call("ZCARD", line) == 0 then
		redis.call("SADD", q.turns .. user, id)
		return true
	end
	local last = redis.call("ZRANGE", line, -1, -1, "WITHSCORES")[2]
	-- Whole microseconds: asynq reads no score that is written with an exponent, as one with
	-- a fraction may be.
	local place = math.max(math.floor(now * 1000000), (tonumber(last) or 0) + 1)
	redis.call("ZADD", line, string.format("%.0f", place), id)
	redis.call("SADD", q.groups, lineOf(user))
	redis.call("HDEL", q.tasks .. id, "pending_since")
	redis.call("HSET", q.tasks .. id, "state", "aggregating", "group", lineOf(user))
	return false
end
