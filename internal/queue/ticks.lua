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

local function add(id, message, lock, ttl)
	local task = tasks .. id
	if redis.call("EXISTS", task) == 1 then
		return 0
	end
	if lock == "" then
		redis.call("HSET", task, "msg", message, "state", "pending", "pending_since", nanos)
	elseif redis.call("SET", lock, id, "NX", "EX", ttl) then
		redis.call("HSET", task, "msg", message, "state", "pending", "pending_since", nanos, "unique_key", lock)
	else
		return 0
	end
	redis.call("LPUSH", pending, id)
	return 1
end

local results, added = {}, 0
for i = 4, #ARGV, 6 do
	local entry, tick = ARGV[i], ARGV[i + 1]
	local latest = redis.call("HGET", ledger, entry)
	local result = 0
	if not latest or tonumber(latest) < tonumber(tick) then
		redis.call("HSET", ledger, entry, tick)
		redis.call("ZADD", ages, clock[1], entry)
		result = add(ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
	end
	results[#results + 1] = result
	added = added + result
end

if added > 0 then
	for _ = 1, math.min(added, cap) do
		redis.call("LPUSH", wake, "")
	end
	redis.call("LTRIM", wake, 0, cap - 1)
end
return results
