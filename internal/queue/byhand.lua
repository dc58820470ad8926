-- What the scripts know that deal with one task by hand; it stands before each of them,
-- behind given.lua. The hash, and whatever else is kept of the task, may be anything.
--
-- KEYS: the task, pending, scheduled, retry, archived, completed, groups, wake list
-- ARGV: {id, group: group key prefix, locks: prefix of the locks of unique tasks, index: what the
--       keys of the index begin with, nothing: a key that is never there, tokens: most a wake list
--       may hold, request and known: of a request that may be made again, the hash of the tasks
--       with which it has done what it asks for, and for how many seconds that is known, and what
--       the script says}

local task, pending, groups, wake = KEYS[1], KEYS[2], KEYS[7], KEYS[8]
local id = given.id
local sets = {scheduled = KEYS[3], retry = KEYS[4], archived = KEYS[5], completed = KEYS[6]}

local kind = redis.call("TYPE", task).ok
local fields = kind == "hash" and redis.call("HMGET", task, "state", "parked", "ending", "group", "unique_key") or {}
local word, group, lock = fields[1] or "", fields[4] or "", fields[5] or ""

-- answer returns what was done, if anything was, and what tells the state that the task had.
local function answer(did)
	local due = redis.pcall("ZSCORE", sets.retry, id)
	return {did, kind, word, fields[2] or "", fields[3] or "", type(due) == "string" and due or "0"}
end

-- repeated reports whether the same request has done this to the task already.
local function repeated()
	return kind == "hash" and given.request and redis.pcall("HEXISTS", given.request, id) == 1
end

-- keep writes that the request has done it. It needs memory, and comes behind what needs none.
local function keep()
	if given.request and not misfit(given.request, "hash") then
		redis.call("HSET", given.request, id, "")
		redis.call("EXPIRE", given.request, given.known)
	end
end

-- removed does what a command says to a key, and reports whether that removed something. A key
-- of another type has nothing of ours.
local function removed(...)
	local n = redis.pcall(...)
	return type(n) == "number" and n > 0
end

local function leaveGroup()
	local line = given.group .. group
	local there = removed("ZREM", line, id)
	if redis.pcall("ZCARD", line) == 0 then
		removed("SREM", groups, group)
	end
	return there
end

-- leave removes the task from wherever it waits and reports whether it was there. A task that
-- does not say where it is may be anywhere. What this writes first needs no memory, so that a
-- Redis that is full takes all that follows.
local function leave()
	if word == "pending" then
		return removed("LREM", pending, 0, id)
	elseif word == "aggregating" then
		return leaveGroup()
	elseif sets[word] then
		return removed("ZREM", sets[word], id)
	end
	local there = removed("LREM", pending, 0, id)
	for _, set in pairs(sets) do
		there = removed("ZREM", set, id) or there
	end
	return group ~= "" and leaveGroup() or there
end

-- unlock releases the lock of a unique task, if the task still holds it.
local function unlock()
	if string.sub(lock, 1, #given.locks) == given.locks and redis.pcall("GET", lock) == id then
		redis.call("DEL", lock)
	end
end
