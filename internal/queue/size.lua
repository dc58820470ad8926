-- Counts the tasks of a queue. It writes nothing.
--
-- KEYS: what asynq's keys of the queue and ours begin with
-- ARGV: {soon: a delayed task that is due within so many seconds counts as due, users: of how many
--       users who wait for turns it looks at the tasks, per_user: most turns of a user, 0: there are none}
--
-- Returns how many tasks wait, run, are scheduled, held, to be retried, dead and kept; how many
-- delayed ones are due, and of how many held ones the user has a turn free; for how many
-- milliseconds the oldest has waited; whether the queue is paused; how many attempts have ended
-- and how many have failed; and the first key that holds something else than it should, or "".
-- Of more users than it looks at, it takes the figures in proportion.

local asynq, own = KEYS[1], KEYS[2]
local ask = cjson.decode(ARGV[1])
local clock = redis.call("TIME")
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local wrong = ""

-- count returns what a command says of a key, or otherwise if that is of another type.
local function count(otherwise, command, key, ...)
	local reply = redis.pcall(command, key, ...)
	if type(reply) == "table" and reply.err then
		wrong = wrong ~= "" and wrong or key
		return otherwise
	end
	return reply
end

local function size(part)
	return count(0, "ZCARD", asynq .. part)
end

-- counter reads one of asynq's counters.
local function counter(part)
	local value = count("0", "GET", asynq .. part) or "0"
	local n = tonumber(value)
	if not n or not (n >= 0 and n < 9e15) then
		wrong = wrong ~= "" and wrong or asynq .. part
		return 0
	end
	return n
end

-- moment reads a time. What is none has only just come.
local function moment(seconds)
	local at = tonumber(seconds or "") -- a number or a text
	return at and at > 0 and at < now and at or now
end

-- due counts the delayed tasks of a set that are due soon, and says when the first was.
local function due(part)
	local first = count({}, "ZRANGE", asynq .. part, 0, 0, "WITHSCORES")[2]
	return count(0, "ZCOUNT", asynq .. part, "-inf", string.format("%.0f", math.floor(now) + ask.soon)), moment(first)
end

-- since says when the task that is taken next began to wait.
local function since()
	local id = count(false, "LINDEX", asynq .. "pending", -1)
	local nanos = id and redis.pcall("HGET", asynq .. "t:" .. id, "pending_since")
	return moment(type(nanos) == "string" and (tonumber(nanos) or 0) / 1000000000)
end

-- free returns how many turns a user has left. A task that neither runs nor waits has lost its, unless
-- somebody else performs it meanwhile.
local function free(user)
	local turns = ask.per_user
	for _, id in ipairs(count({}, "SMEMBERS", own .. "turns:" .. user)) do
		local task = redis.pcall("HMGET", asynq .. "t:" .. id, "state", "keeps_turn")
		local state = task[1]
		if state == "active" or state == "pending" or state == "retry" and task[2] == "1" then
			turns = turns - 1
		end
	end
	return math.max(turns, 0)
end

-- held counts the tasks that are held, and those of them that could have a turn.
local function held()
	local all = count(0, "SCARD", asynq .. "groups")
	if all == 0 then
		return 0, 0
	end
	local some = redis.call("SRANDMEMBER", asynq .. "groups", ask.users)
	local tasks, could = 0, 0
	for _, group in ipairs(some) do
		local n = count(0, "ZCARD", asynq .. "g:" .. group)
		tasks = tasks + n
		if n > 0 and ask.per_user > 0 and string.sub(group, 1, 5) == "user:" then
			could = could + math.min(n, free(string.sub(group, 6)))
		end
	end
	return math.floor(tasks * all / #some), math.floor(could * all / #some)
end

local scheduled, first = due("scheduled")
local retried, second = due("retry")
local oldest = now - math.min(since(), first, second)
local waitForTurns, couldRun = held()
return {
	count(0, "LLEN", asynq .. "pending"), count(0, "LLEN", asynq .. "active"), size("scheduled"), waitForTurns, size("retry"),
	size("archived"), size("completed"), scheduled + retried, couldRun, math.floor(oldest * 1000),
	redis.call("EXISTS", asynq .. "paused"), counter("processed"), counter("failed"), wrong,
}
