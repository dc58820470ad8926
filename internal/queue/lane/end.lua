-- Ends attempts; it stands before step.lua. The fraction of a lease's score is the mark of who
-- took the task.

local stats = {processed = 0, failed = 0}
local moved, trimmed = 0, 0 -- tasks made ready, and tasks pushed out of the dead letter
local lost = {}             -- what was not the caller's to end, as id, 1 if another holds it, ...

-- release gives up the lock of a unique task, if it is this one's.
local function release(e)
	local first = asynq .. "unique:"
	if e.lock and string.sub(e.lock, 1, #first) == first and call("GET", e.lock) == e.id then
		redis.call("DEL", e.lock)
	end
end

-- write sets fields of a task: those given, its message, and what the caller sends along.
local function write(e, ...)
	local fields = {...}
	for name, place in pairs(e.texts or {}) do
		fields[#fields + 1] = name
		fields[#fields + 1] = ARGV[place]
	end
	call("HSET", tasks .. e.id, unpack(fields))
end

-- forget removes what the dead letter no longer has room for.
local function forget(ids)
	for _, id in ipairs(ids) do
		redis.call("DEL", tasks .. id)
	end
	many("ZREM", asynq .. "archived", ids)
	trimmed = trimmed + #ids
end

-- ways are what can become of a task. Each leaves Redis as asynq would.
local ways = {}

function ways.done(e)
	redis.call("DEL", tasks .. e.id)
	release(e)
	stats.processed = stats.processed + 1
end

function ways.kept(e)
	call("ZADD", asynq .. "completed", string.format("%.0f", math.floor(now) + e.retention), e.id)
	write(e, "state", "completed")
	release(e)
	stats.processed = stats.processed + 1
end

function ways.retry(e)
	local at = now + e.after
	call("ZADD", asynq .. "retry", string.format("%.0f", math.floor(at)), e.id)
	write(e, "state", "retry", "due_ms", string.format("%.0f", math.floor(at * 1000)))
	if e.failed then
		stats.processed, stats.failed = stats.processed + 1, stats.failed + 1
	end
	leaveTokens(1)
end

function ways.archive(e)
	local archived = asynq .. "archived"
	call("ZADD", archived, clock[1], e.id)
	forget(call("ZRANGEBYSCORE", archived, "-inf", string.format("%.0f", math.floor(now) - ask.dead_for)))
	forget(call("ZRANGE", archived, 0, -ask.dead_most))
	call("HDEL", tasks .. e.id, "losses", "awaits", "cancel")
	write(e, "state", "archived")
	if e.unlock then
		release(e)
	end
	stats.processed, stats.failed = stats.processed + 1, stats.failed + 1
end

function ways.back(e)
	ready(e.id, "RPUSH")
	moved = moved + 1
end

-- count adds to a counter of asynq's. One that is no number, or at its end, begins anew; it
-- reports whether that of all days did.
local function count(name, n)
	if n == 0 then
		return false
	end
	local anew = false
	local day = asynq .. name .. ":" .. ask.day
	for _, key in ipairs({day, asynq .. name}) do
		local sum = redis.pcall("INCRBY", key, n)
		anew = type(sum) == "table"
		if anew then
			aside(key)
			redis.call("SET", key, n)
			sum = n
		end
		if sum == n and key == day then
			redis.call("EXPIREAT", key, ask.day_ends)
		end
	end
	return anew
end

-- own splits attempts, given as lists of ids and of marks, into those that are the caller's to
-- end, by their places, and the others, which it notes. Only whoever holds a task ends it.
local function own(ids, markOf)
	local ours = {}
	for i, held in ipairs(redis.call("ZMSCORE", lease, unpack(ids))) do
		if held and number(held) % 1 == markOf(i) / 1048576 or not held and unheld(ids[i]) then
			ours[#ours + 1] = i
		else
			lost[#lost + 1] = ids[i]
			lost[#lost + 1] = held and "1" or "0"
		end
	end
	return ours
end

-- finishDone ends those of which nothing is kept, in the fewest commands: they are most.
local function finishDone()
	local ids, keys, gone = {}, {}, {}
	for i = 1, #ask.done, 2 do
		ids[#ids + 1] = ask.done[i]
	end
	for n, i in ipairs(own(ids, function(i) return ask.done[2 * i] end)) do
		redis.call("LREM", active, "0", ids[i])
		gone[n], keys[n] = ids[i], tasks .. ids[i]
	end
	if #gone > 0 then
		redis.call("ZREM", lease, unpack(gone))
		redis.call("DEL", unpack(keys))
		stats.processed = stats.processed + #gone
	end
end

local function finishOthers()
	local ids, users = {}, {}
	for i, e in ipairs(ask.ends) do
		ids[i] = e.id
	end
	for _, i in ipairs(own(ids, function(i) return ask.ends[i].mark end)) do
		local e = ask.ends[i]
		redis.call("ZREM", lease, e.id)
		redis.call("LREM", active, "0", e.id)
		if e.way == "done" or exists(e.id) then
			ways[e.way](e)
		else
			note(tasks .. e.id, e.id, "is gone: its data was deleted or evicted while it ran")
		end
		users[e.user or ""] = true
	end
	for user in pairs(users) do
		if user ~= "" then
			moved = moved + giveTurns(user)
		end
	end
end

local function finishAll()
	if #ask.done > 0 then
		finishDone()
	end
	if #ask.ends > 0 then
		finishOthers()
	end
	local anew = count("processed", stats.processed)
	count("failed", stats.failed)
	if anew and stats.failed > 0 then -- one is a part of the other
		redis.call("SET", asynq .. "failed", stats.failed)
	end
end
