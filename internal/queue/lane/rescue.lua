-- Gives back the tasks whose worker is gone, to the front of the queue: they have waited
-- already. queue.lua and turns.lua stand before this.
--
-- ask: patience (seconds without renewal after which a task is lost), trusted (false: nobody is
--      taken for gone), last (Redis's time of the caller's last look, 0: none) and since (how
--      long it believes that is ago), adopt (true: look for tasks that run and have no lease),
--      note (place of what a lost task's message gets appended), lost (place of what is kept of
--      its attempt), per_user, walk (where to go on with the users who wait, "0": at the beginning;
--      without it looks at a few)
--
-- Returns the time, milliseconds until a task may be lost (-1: none is held), 1 if Redis's
-- clock has jumped, the tasks given back as id, losses, ..., what was put right, and where to go
-- on with the users who wait.

begin()
local rescued, moved, jumped = {}, 0, 0

-- holds reports whether a task is where its state says that it waits or rests.
local function rests(id, state)
	local set = ({scheduled = "scheduled", retry = "retry", archived = "archived", completed = "completed"})[state]
	if set then
		return call("ZSCORE", asynq .. set, id)
	elseif state == "aggregating" then
		return call("ZSCORE", asynq .. "g:" .. (call("HGET", tasks .. id, "group") or ""), id)
	end
	return state == "pending" and call("LPOS", pending, id)
end

local function giveBack(id)
	call("ZREM", lease, id)
	call("LREM", active, 0, id)
	if not exists(id) then
		note(tasks .. id, id, "is gone: its data was deleted or evicted")
		return
	end
	local task = call("HMGET", tasks .. id, "msg", "state", "losses", "attempt")
	if task[2] ~= "active" and rests(id, task[2]) then
		note(tasks .. id, id, "was held and is " .. task[2])
		return
	end
	local losses = tonumber(task[3] or 0) or 0
	losses = string.format("%.0f", math.max(0, math.min(losses, 1e6)) + 1)
	call("HSET", tasks .. id, "msg", (task[1] or "") .. (task[1] and ARGV[ask.note] or ""), "losses", losses,
		"attempts", withAttempt(id, ARGV[ask.lost] .. "\t" .. string.gsub(task[4] or "", "%c", "")))
	call("HDEL", tasks .. id, "attempt")
	rescued[#rescued + 1] = id
	rescued[#rescued + 1] = losses
	ready(id, "RPUSH")
	moved = moved + 1
end

local trusted = ask.trusted
if ask.last > 0 and math.abs(now - ask.last - ask.since) > 2 then
	jumped, trusted = 1, false
end
if trusted then
	local stale = string.format("%.3f", now + leaseTerm - ask.patience)
	for _, id in ipairs(call("ZRANGEBYSCORE", lease, "-inf", stale, "LIMIT", 0, 100)) do
		giveBack(id)
	end
	-- No worker's lease ends so late: it would be held for ever.
	for _, id in ipairs(call("ZRANGEBYSCORE", lease, string.format("%.0f", now + 86400), "+inf", "LIMIT", 0, 100)) do
		note(lease, id, "is held for more than a day")
		giveBack(id)
	end
	if ask.adopt then
		for _, id in ipairs(call("LRANGE", active, 0, 999)) do
			if not call("ZSCORE", lease, id) then
				giveBack(id)
			end
		end
	end
end

-- Turns are given when an attempt ends. Those that nobody was left to give are found by
-- looking at those who wait.
local walk = "0"
if ask.per_user > 0 then
	local some
	if ask.walk then
		local page = call("SSCAN", groups, ask.walk, "COUNT", 200)
		walk, some = page[1], page[2]
	else
		some = call("SRANDMEMBER", groups, 3)
	end
	for _, line in ipairs(some) do
		local user = string.match(line, "^user:(.+)$")
		if user then
			moved = moved + giveTurns(user)
		end
	end
end

if moved > 0 then
	leaveTokens(moved)
end
local head = call("ZRANGE", lease, 0, 0, "WITHSCORES")[2]
local wait = -1
if head then
	wait = math.max(500, math.ceil((math.min(number(head), now + 86400) - leaseTerm + ask.patience - now) * 1000))
end
return {string.format("%.6f", now), wait, jumped, rescued, odd, walk}
