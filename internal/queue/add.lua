-- Adds tasks, each once, as asynq's client would. Those of the schedule come with a tick of
-- an entry: the ledger knows the latest tick of each entry that was added, and one that is
-- not later was dealt with, whatever became of its task. So who was held up cannot add a
-- tick again that others have added meanwhile. index.lua and given.lua stand before this.
--
-- KEYS: pending, scheduled, wake list, ledger (hash: entry -> tick), ledger's ages (sorted
--       set: entry, by when it was written)
-- ARGV: {tasks: task key prefix, index: what the keys of the index begin with, tokens: most a wake
--       list may hold, known: for how many seconds it is known what a request has added, before:
--       Unix time in ms from which nothing is added, if there is one, items: [{id, labels: see
--       index.lua, due: Unix time in ms at which a delayed one is due, lock and ttl: of a unique
--       one, its lock and for how many seconds, entry and tick: of one of the schedule, its entry
--       and Unix time in s, request: of one that belongs to a request that may be made again, the
--       hash of the tasks that the request has added, and known: for how many
--       seconds, if not for as long as the others}]},
--       then the message of each item
--
-- Returns for each item 1 (added, now or by the same request before), 0 (a duplicate), {"held", id of
-- the task that holds the lock} or {"wrong", which key is of the wrong type and of which}; nothing
-- at all if it is too late.

local pending, scheduled, wake, ledger, ages = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local micros = clock[1] * 1000000 + clock[2]
if given.before and now >= given.before then
	return {}
end

-- One task to run now, as most are added, goes a shorter way, unless anything is odd.
local first = given.items[1]
if not given.items[2] and not (first.due or first.lock or first.entry or first.request or given.before) then
	local task = given.tasks .. first.id
	local tokens = redis.pcall("LLEN", wake)
	if type(tokens) == "number" and redis.call("EXISTS", task) == 0 and type(redis.pcall("LPUSH", pending, first.id)) == "number" then
		local at = string.format("%.0f", micros)
		redis.call("HSET", task, "msg", ARGV[2], "state", "pending", "pending_since", nanos, "index", at .. "\n" .. first.labels)
		if tokens < given.tokens then
			redis.call("LPUSH", wake, "")
		end
		gather(first.labels, first.id, at)
		runIndexing("ZADD", given.index)
		return {1}
	end
end

-- What is the same for many items is asked and written at once.
local entries, keys, anyDelayed = {}, {}, false
for n, item in ipairs(given.items) do
	keys[n] = given.tasks .. item.id
	entries[#entries + 1] = item.entry
	anyDelayed = anyDelayed or item.due ~= nil
end
local taken = redis.call("EXISTS", unpack(keys)) > 0
local tokens = redis.pcall("LLEN", wake)
local unready = type(tokens) ~= "number" and misfit(wake, "list")
local undelayed = unready or anyDelayed and misfit(scheduled, "zset")
unready = unready or type(redis.pcall("LLEN", pending)) ~= "number" and misfit(pending, "list")
local unbooked, latest = nil, {}
if #entries > 0 then
	unbooked = misfit(ledger, "hash") or misfit(ages, "zset")
end
if #entries > 0 and not unbooked then
	for n, tick in ipairs(redis.call("HMGET", ledger, unpack(entries))) do
		latest[entries[n]] = tick and tonumber(tick) or -1
	end
end

local ready, delayed, ticks, written, here = {}, {}, {}, {}, {}

-- store writes a task's hash and returns nothing, or says why it must not. The times of the tasks of
-- a call differ, so that they keep their order.
local function store(task, n, message, wait)
	local item, at = given.items[n], string.format("%.0f", micros + n - 1)
	local is = (taken or here[task]) and redis.call("TYPE", task).ok or "none"
	if is ~= "none" then
		return is == "hash" and 0 or misfit(task, "hash")
	end
	if item.lock and not redis.call("SET", item.lock, item.id, "NX", "EX", item.ttl + math.ceil(wait / 1000)) then
		return misfit(item.lock, "string") or {"held", redis.call("GET", item.lock) or ""}
	end
	if wait > 0 then
		redis.call("HSET", task, "msg", message, "state", "scheduled", "due_ms", string.format("%.0f", item.due), "index", at .. "\n" .. item.labels)
	else
		redis.call("HSET", task, "msg", message, "state", "pending", "pending_since", nanos, "index", at .. "\n" .. item.labels)
	end
	gather(item.labels, item.id, at)
	if item.lock then
		redis.call("HSET", task, "unique_key", item.lock)
	end
	here[task] = true
end

local counted = {}

-- repeated says that the item's request has added it already, or that nobody can know. An ID that the
-- request has twice is a duplicate the second time.
local function repeated(item)
	if redis.pcall("HEXISTS", item.request, item.id) == 1 then
		local before = counted[item.id]
		counted[item.id] = true
		return before and 0 or 1
	end
	return misfit(item.request, "hash")
end

local function add(n, item)
	local done = item.request and repeated(item)
	if done then
		return done
	end
	local wait = math.max((item.due or 0) - now, 0)
	local wrong = wait > 0 and undelayed or wait == 0 and unready or item.entry and unbooked
	if wrong then
		return wrong
	end
	if item.entry and latest[item.entry] >= item.tick then
		return 0
	end
	local refused = store(keys[n], n, ARGV[n + 1], wait)
	if item.entry and (not refused or refused == 0 or refused[1] == "held") then
		latest[item.entry] = item.tick
		ticks[#ticks + 1], ticks[#ticks + 2] = item.entry, string.format("%.0f", item.tick)
		written[#written + 1], written[#written + 2] = clock[1], item.entry
	end
	if refused then
		return refused
	end
	if item.request then
		redis.call("HSET", item.request, item.id, "")
		counted[item.id] = true
		redis.call("EXPIRE", item.request, item.known or given.known)
	end
	if wait > 0 then
		delayed[#delayed + 1], delayed[#delayed + 2] = string.format("%.0f", math.floor(item.due / 1000)), item.id
	else
		ready[#ready + 1] = item.id
	end
	return 1
end

local results = {}
for n, item in ipairs(given.items) do
	results[n] = add(n, item)
end

if #ticks > 0 then
	redis.call("HSET", ledger, unpack(ticks))
	redis.call("ZADD", ages, unpack(written))
end
if #ready > 0 then
	redis.call("LPUSH", pending, unpack(ready))
end
if #delayed > 0 then
	redis.call("ZADD", scheduled, unpack(delayed))
end
runIndexing("ZADD", given.index)
-- One token has a lane look when the first of the delayed ones is due.
local more = {}
for n = 1, math.min(#ready + math.min(#delayed, 1), given.tokens - (tonumber(tokens) or 0)) do
	more[n] = ""
end
if #more > 0 then
	redis.call("LPUSH", wake, unpack(more))
end
return results
