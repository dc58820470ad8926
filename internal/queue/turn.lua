-- Gives the turns of a user that are free to the tasks that wait for one. turns.lua stands
-- before this.
--
-- KEYS: pending, groups, wake list
-- ARGV: task key prefix, group key prefix, turns key prefix, the limit, the user,
--       most tokens a wake list may hold
--
-- Returns how many were given.

local q = {pending = KEYS[1], groups = KEYS[2], tasks = ARGV[1], group = ARGV[2], turns = ARGV[3], limit = tonumber(ARGV[4])}
local clock = redis.call("TIME")
local given = giveTurns(q, ARGV[5], clock[1] .. string.format("%06d000", tonumber(clock[2])))
for _ = 1, given do
	redis.call("LPUSH", KEYS[3], "")
end
if given > 0 then
	redis.call("LTRIM", KEYS[3], 0, tonumber(ARGV[6]) - 1)
end
return given
