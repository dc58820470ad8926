-- Deletes what is past its retention, and drops from the lists and sets of a queue the ids
-- whose data is gone: while they are there asynqmon shows nothing of the queue. It looks at
-- a part of each at a time. queue.lua stands before this.
--
-- ask: at (by list or set: from which place on to look), most (how many to look at in each),
--      day (of the counters)
--
-- Returns where to go on in each as name, place, ..., what was put right, how many were past their
-- retention, and the tasks that the index does not know.

begin()
-- What nothing else looks at for long is looked at here: while it is wrong, asynqmon shows
-- nothing of the queue.
local there = {}
for _, part in ipairs({"pending", "active", "lease", "scheduled", "retry", "archived", "completed", "groups"}) do
	aside(asynq .. part)
	there[part] = redis.call("EXISTS", asynq .. part) == 1
end
if there.groups then
	for _, group in ipairs(redis.call("SRANDMEMBER", asynq .. "groups", 100)) do
		aside(asynq .. "g:" .. group)
	end
end
for _, name in ipairs({"processed", "failed", "processed:" .. ask.day, "failed:" .. ask.day}) do
	local key = asynq .. name
	if not aside(key) and redis.call("EXISTS", key) == 1 and type(redis.pcall("INCRBY", key, "0")) == "table" then
		note(key, "", "is " .. quoted(redis.call("GET", key)) .. " and no number: it begins anew")
		redis.call("DEL", key)
	end
end

local expired = 0
if there.completed then
	local completed = asynq .. "completed"
	local old = redis.call("ZRANGEBYSCORE", completed, "-inf", clock[1], "LIMIT", 0, ask.most)
	for _, id in ipairs(old) do
		fromIndex(tasks .. id, id)
		redis.call("DEL", tasks .. id)
	end
	many("ZREM", completed, old)
	runIndexing("ZREM", index)
	expired = #old
end

local function drop(name, id)
	if name == "pending" then
		redis.call("LREM", pending, 0, id)
	else
		redis.call("ZREM", asynq .. name, id)
	end
	local key = tasks .. id
	if redis.call("EXISTS", key) == 0 then
		return note(key, id, "is gone from " .. name .. ": its data was deleted or evicted")
	end
	note(key, id, "is gone from " .. name .. ": it had no message; what it had is in " .. putAway(key))
end

-- means reports whether a task can be read where it rests. What waits for a worker is judged by
-- that one.
local function means(name, id)
	return exists(id) and (name == "pending" or redis.call("HEXISTS", tasks .. id, "msg") == 1)
end

local next, unlabelled = {}, {}
for name, from in pairs(ask.at) do
	local ids = {}
	if there[name] and name == "pending" then -- from its end, which asynqmon asks about and workers take from
		ids = redis.call("LRANGE", pending, -from - ask.most, -from - 1)
	elseif there[name] then
		ids = redis.call("ZRANGE", asynq .. name, from, from + ask.most - 1)
	end
	local gone = 0
	for _, id in ipairs(ids) do
		if not means(name, id) then
			drop(name, id)
			gone = gone + 1
		elseif redis.call("HEXISTS", tasks .. id, "index") == 0 then
			unlabelled[#unlabelled + 1] = id
		end
	end
	next[#next + 1] = name
	next[#next + 1] = #ids < ask.most and 0 or from + #ids - gone
end
return {next, odd, expired, unlabelled}
