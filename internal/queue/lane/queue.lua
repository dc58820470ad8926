-- What every script of a lane knows of its queue; it stands before each of them, behind index.lua.
--
-- KEYS[1] and KEYS[2] are what asynq's keys of the queue and ours begin with. All keys of a
-- queue are in one slot. ARGV[1] is JSON: what the script is asked for. What follows are
-- texts that it refers to by their place, as they may be no JSON.

local asynq, own = KEYS[1], KEYS[2]
local pending, active, lease = asynq .. "pending", asynq .. "active", asynq .. "lease"
local tasks, wake, index = asynq .. "t:", own .. "wake", own .. "index:"
local ask = cjson.decode(ARGV[1])

local clock = redis.call("TIME")
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000

local function nanos()
	return clock[1] .. string.format("%06d000", tonumber(clock[2]))
end

-- begin makes the first write of a script, and deletes keys on the way. A full Redis refuses a
-- first write that may need memory, and none after that. This one never does: a queue that
-- cannot be worked off would stay full.
local function begin(...)
	redis.call("DEL", own .. "nothing", ...)
end

-- odd is what was found wrong and put right, as key, id, what, ....
local odd = {}

local function note(key, id, what)
	for _, value in ipairs({key, id, what}) do
		odd[#odd + 1] = value
	end
end

-- kindOf returns the type of a key of the queue.
local function kindOf(key)
	local kinds = {pending = "list", active = "list", lease = "zset", scheduled = "zset", retry = "zset",
		archived = "zset", completed = "zset", groups = "set"}
	if key == wake then
		return "list"
	elseif string.sub(key, 1, #index) == index then
		return key == index .. "kinds" and "set" or "zset"
	elseif key == own .. "replies" or string.sub(key, 1, #own + 6) == own .. "batch:" then
		return "hash"
	elseif string.sub(key, 1, #own) == own then
		return "set" -- turns
	end
	local part = string.sub(key, #asynq + 1)
	local first = string.sub(part, 1, 2)
	return kinds[part] or first == "t:" and "hash" or first == "g:" and "zset" or "string"
end

-- putAway moves a key out of the way, for a month, and returns where to.
local function putAway(key)
	local to = own .. "aside:" .. nanos() .. "." .. #odd .. ":" .. key
	redis.call("RENAME", key, to)
	redis.call("EXPIRE", to, 2592000)
	return to
end

-- aside moves a key that holds something else than it should out of the way, for a month. It
-- reports whether it had to.
local function aside(key)
	local kind, is = kindOf(key), redis.call("TYPE", key).ok
	if is == "none" or is == kind then
		return false
	end
	note(key, "", "is a " .. is .. " and not a " .. kind .. ": moved to " .. putAway(key))
	return true
end

-- call runs a command on a key of the queue, or two. A key that holds something else than it
-- should does not stop it; the second value says whether one did not.
local function call(command, key, ...)
	local reply = redis.pcall(command, key, ...)
	if type(reply) ~= "table" or not reply.err then
		return reply, false
	end
	local moved = aside(key)
	if command == "RPOPLPUSH" then
		moved = aside(...) or moved
	end
	return redis.call(command, key, ...), moved
end

-- many runs a command on a key with any number of values, a few thousand at once: Lua passes
-- no more.
local function many(command, key, values)
	for i = 1, #values, 4000 do
		call(command, key, unpack(values, i, math.min(i + 3999, #values)))
	end
end

-- leaveTokens wakes workers that wait for a task, no more than there can be.
local function leaveTokens(n)
	n = math.min(n, maxTokens)
	if n > 0 then
		local tokens = {}
		for i = 1, n do
			tokens[i] = ""
		end
		call("LPUSH", wake, unpack(tokens))
		call("LTRIM", wake, 0, maxTokens - 1)
	end
end

-- ready makes a task one that can be taken: push says at which end.
local function ready(id, push)
	call("HSET", tasks .. id, "state", "pending", "pending_since", nanos())
	call(push, pending, id)
end

-- unheld reports whether a task runs for whose lease there is nothing: somebody has removed that.
-- Nobody else has it then; who takes or rescues a task leaves another lease, or another state.
local function unheld(id)
	local state = redis.pcall("HGET", tasks .. id, "state")
	return state == "active"
end

-- addLabels adds tasks to the index, given by their IDs and labels, as if they had been added now.
local function addLabels(items)
	local first = clock[1] * 1000000 + clock[2]
	for n, item in ipairs(items) do
		local micros = string.format("%.0f", first + n)
		call("HSET", tasks .. item.id, "index", micros .. "\n" .. item.labels)
		gather(item.labels, item.id, micros)
		local kind = string.match(item.labels, "^[^\n]+")
		if kind then
			call("SADD", index .. "kinds", kind)
		end
	end
	runIndexing("ZADD", index)
end

-- exists reports whether a task has data. That of another type counts for none.
local function exists(id)
	return not aside(tasks .. id) and redis.call("EXISTS", tasks .. id) == 1
end

-- number reads a score, of which not all are numbers to Lua.
local function number(score)
	return tonumber(score) or string.sub(score, 1, 1) == "-" and -math.huge or math.huge
end

-- quoted makes a text fit to be shown.
local function quoted(text)
	return '"' .. string.gsub(string.sub(text or "", 1, 40), "[%c\"\128-\255]", "?") .. '"'
end
