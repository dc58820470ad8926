-- What the scripts know of turns that deal with them; it stands before each of them.
--
-- A turn is the right of a task to run, now or as soon as a worker is free. With a limit,
-- ask.per_user, a user has no more turns in a queue than that. The tasks without one wait in a
-- group of asynq's with the user's name, in order, so that asynqmon shows and handles them.

local groups, turns = asynq .. "groups", own .. "turns:"

local function lineOf(user)
	return "user:" .. user
end

-- freeTurns returns how many more turns a user may have. A task that neither runs nor is
-- next has lost its turn: it has ended, or was removed by hand. One that somebody else performs
-- meanwhile keeps it.
local function freeTurns(user)
	local free = ask.per_user
	for _, id in ipairs(call("SMEMBERS", turns .. user)) do
		local task = call("HMGET", tasks .. id, "state", "keeps_turn")
		local state = task[1]
		if state == "active" or state == "pending" or state == "retry" and task[2] == "1" then
			free = free - 1
		else
			call("SREM", turns .. user, id)
		end
	end
	return free
end

-- giveTurns gives a user's free turns to those tasks of theirs that have waited longest,
-- which go to the end of the queue: others were there first. It returns how many.
local function giveTurns(user)
	local free, given = freeTurns(user), 0
	if free < 1 then
		return 0
	end
	local line = asynq .. "g:" .. lineOf(user)
	for _, id in ipairs(call("ZRANGE", line, 0, free - 1)) do
		call("ZREM", line, id)
		if call("HGET", tasks .. id, "state") == "aggregating" then
			call("HDEL", tasks .. id, "group")
			ready(id, "LPUSH")
			call("SADD", turns .. user, id)
			given = given + 1
		end
	end
	if call("ZCARD", line) == 0 then
		call("SREM", groups, lineOf(user))
	end
	return given
end

-- mayRun reports whether a task of a user has a turn. One that has none has been put at the
-- end of its user's line.
local function mayRun(user, id)
	local line = asynq .. "g:" .. lineOf(user)
	if call("SISMEMBER", turns .. user, id) == 1 then
		return true
	end
	if freeTurns(user) > 0 and call("ZCARD", line) == 0 then
		call("SADD", turns .. user, id)
		return true
	end
	local last = call("ZRANGE", line, -1, -1, "WITHSCORES")[2]
	-- Whole microseconds: asynq reads no score that is written with an exponent, as one with
	-- a fraction may be. A score that is out of all bounds is nobody's place in a line.
	local behind = tonumber(last) or 0
	if not (behind < 9e15) then
		behind = 0
	end
	call("ZADD", line, string.format("%.0f", math.max(math.floor(now * 1000000), behind + 1)), id)
	call("SADD", groups, lineOf(user))
	call("HDEL", tasks .. id, "pending_since")
	call("HSET", tasks .. id, "state", "aggregating", "group", lineOf(user))
	return false
end
