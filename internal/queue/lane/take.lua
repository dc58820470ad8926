-- Takes waiting tasks; it stands before step.lua. What the list of waiting tasks says is
-- checked against the tasks, as other programs write there, too.

local taken = {}  -- id, message, losses, run, user, cancel, awaits, ...
local held = {}   -- those taken, by id
local leases = {} -- of those taken, as score, id, ...
local passing = 200 -- a crowd of tasks that may not run is passed in several steps

-- sets are where a task is that waits for a time or has ended.
local sets = {scheduled = asynq .. "scheduled", retry = asynq .. "retry", archived = asynq .. "archived", completed = asynq .. "completed"}

-- refused says why a task that was found waiting is none that waits, or nil.
local function refused(id, task)
	local state = task.state
	if state == "pending" then
		return nil
	elseif state == "active" then
		return (held[id] or redis.call("ZSCORE", lease, id)) and "runs already"
	elseif state == "aggregating" then
		return task.group and call("ZSCORE", asynq .. "g:" .. task.group, id) and "is held in a group"
	elseif sets[state] then
		return call("ZSCORE", sets[state], id) and "is " .. state
	end
	note(tasks .. id, id, "waits and has the state " .. quoted(state) .. ": taken all the same")
	return nil
end

-- sound leaves out numbers and names that are out of all bounds.
local function sound(id, field, value, pattern, most)
	if not value then
		return ""
	elseif string.find(value, pattern) and #value <= most then
		return value
	end
	note(tasks .. id, id, "field " .. field .. " is " .. quoted(value) .. ": left out")
	return ""
end

-- hold takes a task that is in the active list already.
local function hold(id, task)
	local key, run = tasks .. id, sound(id, "run", task.run, "^[%w._-]+$", 200)
	if run == "" then
		run = ask.name .. #taken
	end
	redis.call("HSET", key, "state", "active", "run", run)
	if task.parked or task.ending then
		redis.call("HDEL", key, "pending_since", "parked", "ending")
	else
		redis.call("HDEL", key, "pending_since")
	end
	held[id] = true
	leases[#leases + 1], leases[#leases + 2] = ask.score, id
	local n = #taken
	taken[n + 1], taken[n + 2], taken[n + 3], taken[n + 4] = id, task.msg or "", sound(id, "losses", task.losses, "^%d+$", 9), run
	taken[n + 5], taken[n + 6], taken[n + 7] = ask.per_user > 0 and task.user or "", task.cancel or "", sound(id, "awaits", task.awaits, "^%d+$", 12)
end

-- hasTurn reports whether the task's user has a turn for it.
local function hasTurn(id, task)
	if ask.per_user == 0 then
		return true
	end
	if not task.user or #task.user > 2400 then
		task.user = userOf(task.msg or "")
		redis.call("HSET", tasks .. id, "user", task.user)
	end
	return task.user == "" or mayRun(task.user, id)
end

-- read returns what is kept of a task, or nil and why there is nothing. A key of another type
-- is moved aside, and what is left is a task without a message.
local function read(id)
	local fields = redis.pcall("HGETALL", tasks .. id)
	if fields.err then
		aside(tasks .. id)
		return {state = "pending"}
	elseif #fields == 0 then
		return nil, "is gone: its data was deleted or evicted"
	end
	local task = {}
	for i = 1, #fields, 2 do
		task[fields[i]] = fields[i + 1]
	end
	return task
end

local function take(n)
	if n == 0 or redis.call("EXISTS", asynq .. "paused") == 1 then
		return
	end
	while n > 0 and passing > 0 do
		local id = redis.call("RPOPLPUSH", pending, active)
		if not id then
			break
		end
		local task, why = read(id)
		why = why or refused(id, task)
		if not why and hasTurn(id, task) then
			hold(id, task)
			n = n - 1
		else
			redis.call("LREM", active, "1", id)
			passing = passing - 1
			if why then
				note(tasks .. id, id, why)
			end
		end
	end
	if #leases > 0 then
		redis.call("ZADD", lease, unpack(leases))
	end
end
