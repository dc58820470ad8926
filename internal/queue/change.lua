-- Changes when a task runs that waits, and what its message says. byhand.lua stands before this.
--
-- ARGV: {due: Unix time in ms at which it is to run, if that changes}, what the message gets
--       appended, then the fields below as the caller has read them, "" for none
--
-- Returns "changed", "stale" (it is not as the caller has read it), or "" if it is in no state to
-- be changed, and the rest of answer; or {"wrong", a key of another type}.

local read = {"msg", "state", "pending_since", "due_ms", "parked"}

local function isStale()
	local now = kind == "hash" and redis.call("HMGET", task, unpack(read)) or {}
	for n = 1, #read do
		if (now[n] or "") ~= ARGV[n + 2] then
			return true
		end
	end
	return false
end

-- outlive has the lock of a unique task last as much longer as the task waits.
local function outlive(before)
	local more = math.ceil(given.due - before)
	local ttl = lock ~= "" and redis.pcall("GET", lock) == id and redis.call("PTTL", lock) or -1
	if more > 0 and ttl > 0 and string.sub(lock, 1, #given.locks) == given.locks then
		redis.call("PEXPIRE", lock, ttl + more)
	end
end

-- move has the task wait for its new time, or for a worker if that has come.
local function move(now)
	outlive(math.max(now, tonumber(ARGV[6]) or 0))
	leave()
	if string.sub(group, 1, 5) == "user:" then
		redis.call("HDEL", task, "group") -- the lane writes it again if it is not the user's turn
	end
	if given.due <= now then
		redis.call("HDEL", task, "due_ms", "parked")
		redis.call("HSET", task, "state", "pending", "pending_since", nanos)
		redis.call("LPUSH", pending, id)
		return
	end
	local to = word == "retry" and "retry" or "scheduled"
	redis.call("HDEL", task, "pending_since")
	redis.call("HSET", task, "state", to, "due_ms", string.format("%.0f", given.due))
	redis.call("ZADD", sets[to], string.format("%.0f", math.floor(given.due / 1000)), id)
end

if word ~= "pending" and word ~= "scheduled" and word ~= "retry" and word ~= "aggregating" then
	return answer("")
elseif redis.call("HEXISTS", task, "cancel") == 1 then
	return answer("") -- whoever takes it next ends it
elseif isStale() then
	return answer("stale")
end
local wrong = misfit(pending, "list") or misfit(wake, "list") or misfit(sets.scheduled, "zset") or misfit(sets.retry, "zset")
if wrong then
	return wrong
end
local before = answer("changed")
if given.due then
	move(clock[1] * 1000 + math.floor(clock[2] / 1000))
	redis.call("LPUSH", wake, "") -- a lane looks when it is due
	redis.call("LTRIM", wake, 0, given.tokens - 1)
end
if ARGV[2] ~= "" then
	redis.call("HSET", task, "msg", ARGV[3] .. ARGV[2])
end
return before
