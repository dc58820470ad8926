-- Adds members to the index of owners and removes others, each only if its entry still is
-- what the caller read, as its books tell.
--
-- KEYS: books, owners
-- ARGV, four to a member: id; the books as read, empty if there were none; the member; 1
--       to add it, 0 to remove it
--
-- Returns how many it added or removed.

local ids = {}
for i = 1, #ARGV, 4 do
	ids[#ids + 1] = ARGV[i]
end
local there = redis.call("HMGET", KEYS[1], unpack(ids))
local changed = 0
for n = 1, #ids do
	local i = 4 * n - 3
	if (there[n] or "") == ARGV[i + 1] then
		if ARGV[i + 3] == "1" then
			changed = changed + redis.call("ZADD", KEYS[2], 0, ARGV[i + 2])
		else
			changed = changed + redis.call("ZREM", KEYS[2], ARGV[i + 2])
		end
	end
end
return changed
