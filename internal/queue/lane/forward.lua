-- Makes ready the tasks that are due, scheduled ones and retries. The scores are whole
-- seconds, for asynq; the exact time is in the task's hash, as long as it belongs to the
-- score. queue.lua stands before this.
--
-- ask: free (slots of the caller, who takes as many tasks itself)
--
-- Returns how many were made ready, milliseconds until the next one is due (-1: none is in
-- sight), and what was put right.

begin()
local due, moved = -1, 0
local most = 200 -- tasks of a set that are dealt with in one go
local moment = clock[1] .. string.format(".%06d", tonumber(clock[2]))

local function sooner(at)
	if due < 0 or at < due then
		due = at
	end
end

-- place makes a task ready, or adds it to its group.
local function place(set, id, group)
	call("ZREM", set, id)
	call("HDEL", tasks .. id, "due_ms")
	if group and group ~= "" then
		call("ZADD", asynq .. "g:" .. group, clock[1], id)
		call("HSET", tasks .. id, "state", "aggregating")
	else
		ready(id, "LPUSH")
		moved = moved + 1
	end
end

-- elsewhere says why a task that is due is none that waits for its time, or nil.
local function elsewhere(id, state)
	if state == "active" and call("ZSCORE", lease, id) then
		return "runs already"
	elseif (state == "archived" or state == "completed") and call("ZSCORE", asynq .. state, id) then
		return "is " .. state
	end
	return nil
end

local function forward(set)
	local head = call("ZRANGE", set, 0, 0, "WITHSCORES")[2]
	if not head then
		return
	elseif number(head) > now then
		return sooner(number(head))
	end
	local found = call("ZRANGEBYSCORE", set, "-inf", moment, "WITHSCORES", "LIMIT", 0, most)
	local changed = false
	for i = 1, #found, 2 do
		local id, at = found[i], number(found[i + 1])
		local task = call("HMGET", tasks .. id, "due_ms", "group", "state")
		local exact = (tonumber(task[1] or "0") or 0) / 1000
		if math.floor(exact) == at and exact > now then -- most are not due, and looked at more closely once they are
			sooner(exact)
		else
			changed = true
			local why = not exists(id) and "is gone: its data was deleted or evicted" or elsewhere(id, task[3])
			if why then
				call("ZREM", set, id)
				note(tasks .. id, id, why)
			else
				place(set, id, task[2])
			end
		end
	end
	if #found == 2 * most then
		return sooner(changed and now or now + 0.05) -- there may be more
	end
	local after = call("ZRANGEBYSCORE", set, "(" .. moment, "+inf", "WITHSCORES", "LIMIT", 0, 1)[2]
	if after then
		sooner(number(after))
	end
end

-- One list of tokens that is none stops the waits for those of all queues.
aside(wake)
forward(asynq .. "scheduled")
forward(asynq .. "retry")
leaveTokens(moved - ask.free)
local wait = -1
if due >= 0 and due < math.huge then
	wait = math.max(0, math.ceil((due - now) * 1000))
end
return {moved, wait, odd}
