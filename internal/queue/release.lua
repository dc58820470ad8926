-- Hands tasks back to the front of their queue, as far as they are still the caller's.
--
-- KEYS: pending, active, lease, wake list
-- ARGV: task key prefix, most tokens a wake list may hold, then id, mark, ...
--
-- Returns how many were handed back.

local clock = redis.call("TIME")
local nanos = clock[1] .. string.format("%06d000", tonumber(clock[2]))
local back = 0
for i = 3, #ARGV, 2 do
	local id, held = ARGV[i], redis.call("ZSCORE", KEYS[3], ARGV[i])
	if held and tonumber(held) % 1 == tonumber(ARGV[i + 1]) / 1048576 then
		redis.call("ZREM", KEYS[3], id)
		redis.call("LREM", KEYS[2], 0, id)
		redis.call("HSET", ARGV[1] .. id, "state", "pending", "pending_since", nanos)
		redis.call("RPUSH", KEYS[1], id)
		redis.call("LPUSH", KEYS[4], "")
		back = back + 1
	end
end
redis.call("LTRIM", KEYS[4], 0, tonumber(ARGV[2]) - 1)
return back
