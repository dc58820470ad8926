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

local indexing, parsed = {}, {}

-- setsOf returns the sets in which tasks with these labels are, that of their kind first, and what
-- follows an ID there. Many tasks have the same labels.
local function setsOf(labels)
	local sets = parsed[labels]
	if sets == nil then
		local kind, user, tags = string.match(labels, "^([^\n]+)\n([^\n]*)\n([^\n]*)$")
		sets = kind and {"kind:" .. kind, rest = "\n" .. user .. "\n" .. tags} or {rest = ""}
		if kind and user ~= "" then
			sets[2] = "user:" .. user
		end
		for tag in string.gmatch(tags or "", "[^,]+") do
			sets[#sets + 1] = "tag:" .. tag
		end
		parsed[labels] = sets
	end
	return sets
end

-- gather has the next run of a command deal with a task; score is what stands before a member.
local function gather(labels, id, score)
	local sets = setsOf(labels)
	for i, name in ipairs(sets) do
		local values = indexing[name]
		if not values then
			values = {}
			indexing[name] = values
		end
		if score then
			values[#values + 1] = score
		end
		values[#values + 1] = i == 1 and id .. sets.rest or id
	end
end

-- fromIndex has the next run of ZREM remove a task. Its data must be there still.
local function fromIndex(task, id)
	local field = redis.pcall("HGET", task, "index")
	local cut = type(field) == "string" and string.find(field, "\n", 1, true)
	if cut then
		gather(string.sub(field, cut + 1), id)
	end
end

-- runIndexing runs a command with what was gathered for each set, a few thousand values at once.
local function runIndexing(command, index)
	for name, values in pairs(indexing) do
		for first = 1, #values, 4000 do
			redis.pcall(command, index .. name, unpack(values, first, math.min(first + 3999, #values)))
		end
	end
	indexing = {}
end
