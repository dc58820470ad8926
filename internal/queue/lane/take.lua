-- Takes waiting tasks; it stands before step.lua. What the list of waiting tasks says is
-- checked against the tasks, as other programs write there, too.

local taken = {}  -- id, message, losses, run, user, cancel, awaits, ...
local held = {}     -- those taken, by id
local passing = 200 -- a crowd of tasks that may not run is passed in several steps

-- sets are where a task is that waits for a time or has ended.
local sets = {scheduled = asynq .. "scheduled", retry = asynq .. "retry", archived = asynq .. "archived", completed = asynq .. "completed"}

-- refused says why a task that was found waiting is none that waits, or nil.
local function refused(id, task)
	local state = task[2]
	if state == "pending" then
		return nil
	elseif state == "active" then
		return (held[id] or call("ZSCORE", lease, id)) and "runs already"
	elseif state == "aggregating" then
		local group = call("HGET", tasks .. id, "group")
		return group and call("ZSCORE", asynq .. "g:" .. group, id) and "is held in a group"
	elseif sets[state] then
		return call("ZSCORE", sets[state], id) and "is " .. state
	end
	note(tasks .. id, id, "waits and has the state " .. quoted(state) .. ": taken all the same")
	return nil
end

-- Numbers and names that are out of all bounds are left out.
local function sound(id, field, value, pattern, most)
	if not value or string.find(value, pattern) and #value <= most then
		return value or ""
	end
	note(tasks .. id, id, "field " .. field .. " is " .. quoted(value) .. ": left out")
	return ""
end

-- hold takes a task that is in the active list already.
local function hold(id, task, leases)
	local run = sound(id, "run", task[4], "^[%w._-]+$", 200)
	if run == "" then
		run = ask.name .. #taken
	end
	call("HSET", tasks .. id, "state", "active", "run", run)
	call("HDEL", tasks .. id, "pending_since", "parked", "ending")
	leases[#leases + 1] = ask.score
	leases[#leases + 1] = id
	held[id] = true
	local n = #taken
	taken[n + 1], taken[n + 2], taken[n + 3], taken[n + 4] = id, task[1] or "", sound(id, "losses", task[3], "^%d+$", 9), run
	taken[n + 5], taken[n + 6], taken[n + 7] = ask.per_user > 0 and task[5] or "", task[6] or "", sound(id, "awaits", task[7], "^%d+$", 12)
end

-- hasTurn reports whether the task's user has a turn for it.
local function hasTurn(id, task)
	if ask.per_user == 0 then
		return true
	end
	if not task[5] or #task[5] > 2400 then
		task[5] = userOf(task[1] or "")
		call("HSET", tasks .. id, "user", task[5])
	end
	return task[5] == "" or mayRun(task[5], id)
end

local function take(n)
	if n == 0 or redis.call("EXISTS", asynq .. "paused") == 1 then
		return
	end
	local leases = {}
	while n > 0 and passing > 0 do
		local id = call("RPOPLPUSH", pending, active)
		if not id then
			break
		end
		local task, strange = call("HMGET", tasks .. id, "msg", "state", "losses", "run", "user", "cancel", "awaits")
		local why = not task[1] and not strange and redis.call("EXISTS", tasks .. id) == 0 and "is gone: its data was deleted or evicted" or refused(id, task)
		if not why and hasTurn(id, task) then
			hold(id, task, leases)
			n = n - 1
		else
			call("LREM", active, 1, id)
			passing = passing - 1
			if why then
				note(tasks .. id, id, why)
			end
		end
	end
	many("ZADD", lease, leases)
end
