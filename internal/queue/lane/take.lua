-- Takes waiting tasks; it stands before step.lua. What the list of waiting tasks says is
-- checked against the tasks, as other programs write there, too.

-- The score of a lease is its end, to a second; its fraction is the mark of who took the task. It
-- is the time within the second, backwards: no two takes are in the same microsecond. So the
-- later lease of a second comes first in its set, and Redis need not go through all others,
-- reading their scores, to find its place.
local mark = 1048575 - math.floor(tonumber(clock[2]) * 1.048576)
local score = string.format("%.17g", clock[1] + leaseTerm + mark / 1048576)

local taken = {}  -- id, message, run, how long it has waited or more: that, losses, user, cancel, awaits, ...
local held = {}   -- those taken, by id
local leases = {} -- of those taken, as score, id, ...
local passing = 200 -- a crowd of tasks that may not run is passed in several steps

-- refused says why a task that was found waiting, and has another state, is none that waits,
-- or nil.
local function refused(id, task)
	local state = task.state
	if state == "active" then
		return (held[id] or call("ZSCORE", lease, id)) and "runs already"
	elseif state == "aggregating" then
		return task.group and call("ZSCORE", asynq .. "g:" .. task.group, id) and "is held in a group"
	elseif state == "scheduled" or state == "retry" or state == "archived" or state == "completed" then
		return call("ZSCORE", asynq .. state, id) and "is " .. state
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

-- waited says for how many ms a task has waited since it could run, or -1 if that is not known. It is
-- in what was read of the task anyway, and is gone from there once it is taken.
local function waited(task)
	local since = tonumber(task.pending_since or "") -- in ns
	if not since or not (since > 0 and since < 9e18) then
		return -1
	end
	return math.max(0, math.floor(now * 1000 - since / 1000000))
end

-- hold takes a task that is in the active list already.
local function hold(id, task)
	local key, n = tasks .. id, #taken
	local run = task.run and sound(id, "run", task.run, "^[%w._-]+$", 200) or ""
	if run == "" then
		run = ask.name .. n
	end
	redis.call("HSET", key, "state", "active", "run", run)
	if task.parked or task.ending or task.keeps_turn then
		redis.call("HDEL", key, "pending_since", "parked", "ending", "keeps_turn")
	else
		redis.call("HDEL", key, "pending_since")
	end
	held[id] = true
	leases[#leases + 1], leases[#leases + 2] = score, id
	taken[n + 1], taken[n + 2], taken[n + 3], taken[n + 4] = id, task.msg or "", run, waited(task)
	if task.losses or task.user or task.cancel or task.awaits then
		taken[n + 4] = {tostring(taken[n + 4]), sound(id, "losses", task.losses, "^%d+$", 9), ask.per_user and task.user or "",
			task.cancel or "", sound(id, "awaits", task.awaits, "^%d+$", 12)}
	end
end

-- hasTurn reports whether the task's user has a turn for it.
local function hasTurn(id, task)
	if not ask.per_user then
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
	local fields, moved = call("HGETALL", tasks .. id)
	if moved then
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
	local pop = call -- the first may find keys that hold something else
	while n > 0 and passing > 0 do
		local id = pop("RPOPLPUSH", pending, active)
		if not id then
			break
		end
		pop = redis.call
		local task, why = read(id)
		if task and task.state ~= "pending" then
			why = refused(id, task)
		end
		-- One that is cancelled does not run: it needs no turn.
		if not why and (task.cancel or hasTurn(id, task)) then
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
		call("ZADD", lease, unpack(leases))
	end
end
