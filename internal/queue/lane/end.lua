-- Ends attempts of which something is kept, or whose end others wait for. It is a function of
-- step.lua's, finishOthers.

-- release gives up the lock of a unique task, if it is this one's.
local function release(e)
	local first = asynq .. "unique:"
	if e.lock and string.sub(e.lock, 1, #first) == first and call("GET", e.lock) == e.id then
		redis.call("DEL", e.lock)
	end
end

-- write sets fields of a task: those given, its message, its attempts, and what the caller sends
-- along.
local function write(e, ...)
	local fields = {...}
	for name, place in pairs(e.texts or {}) do
		fields[#fields + 1] = name
		fields[#fields + 1] = ARGV[place]
	end
	if e.note then
		fields[#fields + 1] = "attempts"
		fields[#fields + 1] = withAttempt(e.id, ARGV[e.note])
	end
	if e.noted then
		call("HDEL", tasks .. e.id, "attempt")
	end
	if #fields == 0 then
		return
	end
	call("HSET", tasks .. e.id, unpack(fields))
end

-- forget removes what the dead letter no longer has room for.
local function forget(ids)
	for _, id in ipairs(ids) do
		fromIndex(tasks .. id, id)
		redis.call("DEL", tasks .. id)
	end
	many("ZREM", asynq .. "archived", ids)
	trimmed = trimmed + #ids
end

-- ways are what can become of a task. Each leaves Redis as asynq would.
local ways = {}

function ways.done(e)
	fromIndex(tasks .. e.id, e.id)
	redis.call("DEL", tasks .. e.id)
	release(e)
	processed = processed + 1
	ended[#ended + 1] = e.id
end

function ways.kept(e)
	call("ZADD", asynq .. "completed", string.format("%.0f", math.floor(now) + e.retention), e.id)
	write(e, "state", "completed")
	release(e)
	processed = processed + 1
	ended[#ended + 1] = e.id
end

-- wait has a task wait for its time in one of asynq's sets, which has the name of its state.
local function wait(e, set)
	local at = now + e.after
	if call("HEXISTS", tasks .. e.id, "cancel") == 1 then
		at = now -- whoever takes it next ends it: it was cancelled when this attempt was about to end
	end
	call("ZADD", asynq .. set, string.format("%.0f", math.floor(at)), e.id)
	write(e, "state", set, "due_ms", string.format("%.0f", math.floor(at * 1000)))
	if e.known then
		call("HDEL", tasks .. e.id, "awaits")
	end
	leaveTokens(1)
end

function ways.retry(e)
	wait(e, "retry")
	if e.failed then
		processed, failed = processed + 1, failed + 1
	end
end

function ways.later(e)
	wait(e, "scheduled")
end

function ways.archive(e)
	local archived = asynq .. "archived"
	call("ZADD", archived, clock[1], e.id)
	forget(call("ZRANGEBYSCORE", archived, "-inf", string.format("%.0f", math.floor(now) - deadFor)))
	forget(call("ZRANGE", archived, 0, -deadMost))
	call("HDEL", tasks .. e.id, "losses", "awaits", "cancel")
	write(e, "state", "archived")
	if e.unlock then
		release(e)
	end
	processed, failed = processed + 1, failed + 1
	ended[#ended + 1] = e.id
end

function ways.back(e)
	write(e)
	ready(e.id, "RPUSH")
	moved = moved + 1
end

-- tellOthers adds the tasks that tell others of an end.
local told = {}
local function tellOthers(e)
	for _, tell in ipairs(e.tells) do
		if not exists(tell.id) then
			told[#told + 1] = tell
			call("HSET", tasks .. tell.id, "msg", ARGV[tell.msg])
			ready(tell.id, "LPUSH")
			moved = moved + 1
		end
	end
end

-- keepMember keeps with a batch what became of a member, as long as the batch is known.
local function keepMember(m)
	local batch = own .. "batch:" .. m.batch
	if call("HEXISTS", batch, "members") == 1 then
		call("HSET", batch, m.place, ARGV[m.outcome])
	end
end

local ids, marks, users = {}, {}, {}
for i, e in ipairs(ask.ends) do
	ids[i], marks[i] = e.id, e.mark
end
for _, i in ipairs(mine(ids, marks)) do
	local e = ask.ends[i]
	redis.call("ZREM", lease, e.id)
	call("LREM", active, "0", e.id)
	if e.way == "done" or exists(e.id) then
		ways[e.way](e)
	else
		note(tasks .. e.id, e.id, "is gone: its data was deleted or evicted while it ran")
	end
	if e.tells then
		tellOthers(e)
	end
	if e.member then
		keepMember(e.member)
	end
	if e.reply then
		call("HSET", own .. "replies", e.reply.field, ARGV[e.reply.text])
	end
	users[e.user or ""] = true
end
runIndexing("ZREM", index)
addLabels(told)
for user in pairs(users) do
	if user ~= "" then
		moved = moved + giveTurns(user)
	end
end
