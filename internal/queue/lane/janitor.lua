-- Deletes what is past its retention, and drops from the lists and sets of a queue the ids
-- whose data is gone: while they are there asynqmon shows nothing of the queue. It looks at
-- a part of each at a time. queue.lua stands before this.
--
-- ask: at (by list or set: from which place on to look), most (how many to look at in each)
--
-- Returns where to go on in each as name, place, ..., and what was put right.

begin()
local completed = asynq .. "completed"
local old = call("ZRANGEBYSCORE", completed, "-inf", clock[1], "LIMIT", 0, ask.most)
for _, id in ipairs(old) do
	redis.call("DEL", tasks .. id)
end
many("ZREM", completed, old)

local function drop(name, id)
	if name == "pending" then
		call("LREM", pending, 0, id)
	else
		call("ZREM", asynq .. name, id)
	end
	note(tasks .. id, id, "is gone from " .. name .. ": its data was deleted or evicted")
end

local next = {}
for name, from in pairs(ask.at) do
	local ids
	if name == "pending" then -- from its end, which asynqmon asks about and workers take from
		ids = call("LRANGE", pending, -from - ask.most, -from - 1)
	else
		ids = call("ZRANGE", asynq .. name, from, from + ask.most - 1)
	end
	local gone = 0
	for _, id in ipairs(ids) do
		if not exists(id) then
			drop(name, id)
			gone = gone + 1
		end
	end
	next[#next + 1] = name
	next[#next + 1] = #ids < ask.most and 0 or from + #ids - gone
end
return {next, odd}
