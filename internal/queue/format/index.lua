-- The index of a queue's tasks, as the scripts keep it that add and end them: a sorted set for each
-- kind, user and tag, of the tasks that have it, by when they were added. It holds what never changes
-- of a task. Where a task stands is asked of the task.
--
-- A task's labels are "kind\nuser\ntags", and its field "index" is the time that it was added, in
-- µs, "\n" and its labels. A member of the set of a kind is "id\nuser\ntags", so that whoever finds
-- the task gone knows in which other sets it is. All others hold IDs.
--
-- Nobody depends on the index: what it cannot hold is found by its state. So a key of ours that holds
-- something else stops nothing.

local indexing = {}

-- eachLabel calls visit with the sets in which a task is, and what stands for it there.
local function eachLabel(labels, id, visit)
	local kind, user, tags = string.match(labels, "^([^\n]+)\n([^\n]*)\n([^\n]*)$")
	if not kind then
		return
	end
	visit("kind:" .. kind, id .. "\n" .. user .. "\n" .. tags)
	if user ~= "" then
		visit("user:" .. user, id)
	end
	for tag in string.gmatch(tags, "[^,]+") do
		visit("tag:" .. tag, id)
	end
end

-- runIndexing runs a command with the values that were gathered for each set, a few thousand at once.
local function runIndexing(command, index)
	for name, values in pairs(indexing) do
		for first = 1, #values, 4000 do
			redis.pcall(command, index .. name, unpack(values, first, math.min(first + 3999, #values)))
		end
	end
	indexing = {}
end

-- toIndex has a task added to the index with the next run of ZADD.
local function toIndex(labels, id, micros)
	eachLabel(labels, id, function(name, member)
		local values = indexing[name] or {}
		indexing[name] = values
		values[#values + 1], values[#values + 2] = micros, member
	end)
end

-- fromIndex has a task removed from the index with the next run of ZREM. Its data must be there still.
local function fromIndex(task, id)
	local field = redis.pcall("HGET", task, "index")
	local labels = type(field) == "string" and string.match(field, "^%d+\n(.*)$")
	if labels then
		eachLabel(labels, id, function(name, member)
			local values = indexing[name] or {}
			indexing[name] = values
			values[#values + 1] = member
		end)
	end
end
