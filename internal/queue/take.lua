-- Takes up to n waiting tasks and, if asked to tend the queue, first makes ready what is
-- due and what was lost. All times are Redis's own, so that workers whose clocks differ
-- agree on them.
--
-- KEYS: pending, paused, active, lease, scheduled, retry, wake list
-- ARGV: task key prefix, n, tend (1 or 0), lease in seconds,
--       seconds without renewal after which a task is lost, rescue (1 or 0),
--       adopt (1 or 0), what a lost task's message gets appended,
--       time of the caller's last look (0: none) and seconds it believes to have passed since,
--       most tokens a wake list may hold, group key prefix, the taker's mark,
--       a name that no other take gives, most tasks a user may have running (0: any number),
--       turns key prefix, groups
-- user.lua and turns.lua stand before this.
--
-- Returns the time, milliseconds until a delayed task is due or a held one may be lost
-- (-1: nothing in sight), whether Redis's clock has jumped (1 or 0), the tasks taken as
-- id, message, losses, run, user, ..., the tasks rescued as id, losses, ..., and the ids whose data is
-- gone.

local pending, paused, active, lease, wake = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[7]
local tasks, n = ARGV[1], tonumber(ARGV[2])
local term, patience, trusted = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == "1"

local clock = redis.call("TIME")
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local nanos = clock[1] .. string.format("%06d000", tonumber(clock[2]))
-- The end of the lease, to half a second; its fraction tells whose it is.
local mark = tonumber(ARGV[13]) / 1048576
local score = string.format("%.17g", math.floor(now + term - mark + 0.5) + mark)
local q = {pending = pending, groups = ARGV[17], tasks = tasks, group = ARGV[12], turns = ARGV[16], limit = tonumber(ARGV[15])}
local due, moved, jumped = -1, 0, 0
local taken, rescued, gone = {}, {}, {}

local function ready(id, push)
	redis.call("HSET", tasks .. id, "state", "pending", "pending_since", nanos)
	redis.call(push, pending, id)
	moved = moved + 1
end

local function sooner(at)
	if due < 0 or at < due then
		due = at
	end
end

-- The scores are whole seconds, for asynq. The exact time is in the task's hash, as long
-- as it belongs to the score.
local function forward(key)
	local head = redis.call("ZRANGE", key, 0, 0, "WITHSCORES")
	if not head[2] or tonumber(head[2]) > now then
		if head[2] then
			sooner(tonumber(head[2]))
		end
		return
	end
	local found = redis.call("ZRANGEBYSCORE", key, "-inf", string.format("%.3f", now), "WITHSCORES", "LIMIT", 0, 200)
	for i = 1, #found, 2 do
		local id, at = found[i], tonumber(found[i + 1])
		local task = redis.call("HMGET", tasks .. id, "due_ms", "group")
		local exact = tonumber(task[1] or "0") / 1000
		if math.floor(exact) == at and exact > now then
			sooner(exact)
		else
			redis.call("ZREM", key, id)
			redis.call("HDEL", tasks .. id, "due_ms")
			if task[2] and task[2] ~= "" then
				redis.call("ZADD", ARGV[12] .. task[2], clock[1], id)
				redis.call("HSET", tasks .. id, "state", "aggregating")
			else
				ready(id, "LPUSH")
			end
		end
	end
	if moved > 0 then
		sooner(now) -- what follows is looked for at once
	end
end

-- A lost task goes to the front: it has waited already.
local function rescue(id)
	redis.call("ZREM", lease, id)
	redis.call("LREM", active, 0, id)
	local task = redis.call("HMGET", tasks .. id, "msg", "state")
	if not task[1] then
		table.insert(gone, id)
	elseif task[2] == "active" then
		redis.call("HSET", tasks .. id, "msg", task[1] .. ARGV[8])
		table.insert(rescued, id)
		table.insert(rescued, tostring(redis.call("HINCRBY", tasks .. id, "losses", 1)))
		ready(id, "RPUSH")
	end
end

-- A held task may be lost once its lease has not been renewed for long enough. Until the
-- first can be, there is no need to look again.
local function rescueStale()
	local stale = now + term - patience
	local head = redis.call("ZRANGE", lease, 0, 0, "WITHSCORES")
	if trusted and head[2] and tonumber(head[2]) <= stale then
		for _, id in ipairs(redis.call("ZRANGEBYSCORE", lease, "-inf", string.format("%.3f", stale), "LIMIT", 0, 100)) do
			rescue(id)
		end
		head = redis.call("ZRANGE", lease, 0, 0, "WITHSCORES")
	end
	if head[2] then
		sooner(math.max(tonumber(head[2]) - term + patience, now + 0.5))
	end
end

local function adopt()
	for _, id in ipairs(redis.call("LRANGE", active, 0, 999)) do
		if not redis.call("ZSCORE", lease, id) then
			rescue(id)
		end
	end
end

-- Turns are given when an attempt ends. Those that nobody was left to give are found by
-- looking at some of those who wait.
local function mendTurns()
	for _, line in ipairs(redis.call("SRANDMEMBER", q.groups, 3)) do
		local user = string.match(line, "^user:(.+)$")
		if user then
			moved = moved + giveTurns(q, user, nanos)
		end
	end
end

if ARGV[3] == "1" then
	forward(KEYS[5])
	forward(KEYS[6])
	local last = tonumber(ARGV[9])
	if last > 0 and math.abs(now - last - tonumber(ARGV[10])) > 2 then
		jumped, trusted = 1, false
	end
	rescueStale()
	if trusted and ARGV[7] == "1" then
		adopt()
	end
	if q.limit > 0 then
		mendTurns()
	end
end

-- hold takes a task that is in the active list already.
local function hold(id, task)
	local run = task[3] or ARGV[14] .. #taken
	redis.call("HSET", tasks .. id, "state", "active", "run", run)
	redis.call("HDEL", tasks .. id, "pending_since", "parked")
	redis.call("ZADD", lease, score, id)
	for _, value in ipairs({id, task[1], task[2] or "0", run, q.limit > 0 and task[4] or ""}) do
		table.insert(taken, value)
	end
	n = n - 1
end

-- mayRun reports whether the task's user has a turn for it.
local function mayRun(id, task)
	if q.limit == 0 then
		return true
	end
	if not task[4] then
		task[4] = userOf(task[1])
		redis.call("HSET", tasks .. id, "user", task[4])
	end
	return task[4] == "" or takeTurn(q, task[4], id, now)
end

-- A crowd of tasks that may not run is passed in several looks.
local passing = 200
if n > 0 and redis.call("LLEN", pending) > 0 and redis.call("EXISTS", paused) == 0 then
	while n > 0 and passing > 0 do
		local id = redis.call("RPOPLPUSH", pending, active)
		if not id then
			break
		end
		local task = redis.call("HMGET", tasks .. id, "msg", "losses", "run", "user")
		if not task[1] then
			redis.call("LREM", active, 1, id)
			table.insert(gone, id)
		elseif mayRun(id, task) then
			hold(id, task)
		else
			redis.call("LREM", active, 1, id)
			passing = passing - 1
		end
	end
	if passing == 0 then
		moved = moved + 1
	end
end

-- Tokens without a task were left for tasks that are taken, or for delayed ones, whose time
-- this look tells.
if ARGV[3] == "1" and n > 0 and #taken == 0 and redis.call("LLEN", pending) == 0 then
	redis.call("DEL", wake)
end

-- Whoever else waits is woken for what was moved and is still there.
local left = moved > 0 and math.min(moved, redis.call("LLEN", pending), tonumber(ARGV[11])) or 0
if left > 0 then
	for _ = 1, left do
		redis.call("LPUSH", wake, "")
	end
	redis.call("LTRIM", wake, 0, tonumber(ARGV[11]) - 1)
end

local wait = -1
if due >= 0 then
	wait = math.max(0, math.ceil((due - now) * 1000))
end
return {string.format("%.6f", now), wait, jumped, taken, rescued, gone}
