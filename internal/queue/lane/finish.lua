-- Ends attempts; it stands before step.lua. The fraction of a lease's score is the mark of who
-- took the task.

local processed, failed = 0, 0
local ended = {}            -- tasks that have come to their end
local moved, trimmed = 0, 0 -- tasks made ready, and tasks pushed out of the dead letter
local lost = {}             -- what was not the caller's to end, as id, 1 if another holds it, ...

-- count adds to a counter of asynq's. One that is no number, or at its end, begins anew; it
-- reports whether that of all days did.
local function count(name, n)
	local anew, day = false, asynq .. name .. ":" .. ask.day
	for _, key in ipairs({day, asynq .. name}) do
		local sum = redis.pcall("INCRBY", key, n)
		anew = type(sum) == "table"
		if anew then
			aside(key)
			redis.call("SET", key, n)
			sum = n
		end
		if sum == n and key == day then
			redis.call("EXPIREAT", key, clock[1] + statsFor)
		end
	end
	return anew
end

-- mine returns the places of those ids that are the caller's to end, by their marks, and notes
-- the others. Only whoever holds a task ends it.
local function mine(ids, marks)
	local places = {}
	for i, score in ipairs(call("ZMSCORE", lease, unpack(ids))) do
		if score and number(score) % 1 == marks[i] / 1048576 or not score and unheld(ids[i]) then
			places[#places + 1] = i
		else
			lost[#lost + 1] = ids[i]
			lost[#lost + 1] = score and "1" or "0"
		end
	end
	return places
end

-- finishDone ends those of which nothing is kept, in the fewest commands: they are most.
local function finishDone()
	local ids, keys = {}, {}
	for n, i in ipairs(mine(ask.done, ask.marks)) do
		local id = ask.done[i]
		ids[n], keys[n] = id, tasks .. id
		fromIndex(keys[n], id)
	end
	begin(unpack(keys))
	for _, id in ipairs(ids) do
		call("LREM", active, "0", id)
	end
	if #ids > 0 then
		redis.call("ZREM", lease, unpack(ids))
		runIndexing("ZREM", index)
		processed = #ids
		ended = ids
	end
end

-- tellWaiters publishes the ends of tasks that somebody waits for. Redis may deny its user the
-- channel, and nobody depends on it.
local function tellWaiters()
	local waiters = own .. "waiters"
	if #ended == 0 or redis.call("EXISTS", waiters) == 0 then
		return
	end
	local queue = string.match(own, "{(.*)}")
	for _, id in ipairs(ended) do
		if call("SREM", waiters, id) == 1 then
			redis.pcall("PUBLISH", "switchyard:ended", queue .. "/" .. id)
		end
	end
end
