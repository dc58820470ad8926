-- Adds the tasks of ticks, each once. The ledger knows the latest tick of each entry that
-- was added; a tick that is not later was dealt with, whatever became of its task. So who
-- was held up cannot add a tick again that others have added meanwhile.
--
-- KEYS: pending, ledger (hash: entry -> tick), ledger's ages (sorted set: entry, by when it
--       was written), wake list
-- ARGV: Unix time in ms from which nothing is added, task key prefix, most tokens a wake
--       list may hold, then per tick: entry, its Unix time in seconds, task id, message,
--       uniqueness lock or "", seconds it holds
--
-- Returns 1 or 0 for each tick, added or a duplicate, or nothing at all if it is too late.

local pending, ledger, ages, wake = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local tasks, cap = ARGV[2], tonumber(ARGV[3])

local clock = redis.call("TIME")
if clock[1] * 1000 + math.floor(clock[2] / 1000) >= tonumber(ARGV[1]) then
	return {}
end
local nanos = clock[1] .. string.format("%06d000", tonumber(clock[2]))

-- What is the same for many ticks is asked and written at once.
local entries, keys = {}, {}
for i = 4, #ARGV, 6 do
	entries[#entries + 1] = ARGV[i]
	keys[#keys + 1] = tasks .. ARGV[i + 2]
end
local latest = {}
for n, tick in ipairs(redis.call("HMGET", ledger, unpack(entries))) do
	latest[entries[n]] = tick and tonumber(tick) or -1
end
local taken = redis.call("EXISTS", unpack(keys)) > 0

local ids, ticks, written = {}, {}, {}

local function add(task, id, message, lock, ttl)
	if taken and redis.call("EXISTS", task) == 1 then
		return 0
	end
	if lock == "" then
		redis.call("HSET", task, "msg", message, "state", "pending", "pending_since", nanos)
	elseif redis.call("SET", lock, id, "NX", "EX", ttl) then
		redis.call("HSET", task, "msg", message, "state", "pending", "pending_since", nanos, "unique_key", lock)
	else
		return 0
	end
	ids[#ids + 1] = id
	return 1
end

local results = {}
for n, entry in ipairs(entries) do
	local i = 6 * n - 2
	local tick = tonumber(ARGV[i + 1])
	results[n] = 0
	if latest[entry] < tick then
		latest[entry] = tick
		ticks[#ticks + 1] = entry
		ticks[#ticks + 1] = ARGV[i + 1]
		written[#written + 1] = clock[1]
		written[#written + 1] = entry
		results[n] = add(keys[n], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
	end
end

if #ticks > 0 then
	redis.call("HSET", ledger, unpack(ticks))
	redis.call("ZADD", ages, unpack(written))
end
if #ids > 0 then
	redis.call("LPUSH", pending, unpack(ids))
	local tokens = {}
	for n = 1, math.min(#ids, cap) do
		tokens[n] = ""
	end
	redis.call("LPUSH", wake, unpack(tokens))
	redis.call("LTRIM", wake, 0, cap - 1)
end
return results
