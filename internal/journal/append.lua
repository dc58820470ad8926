-- Appends entries to a journal, if the writer may.
--
-- KEYS: journal, then for a run: brake, runs (those of its user)
-- ARGV: how long the journal is kept, in milliseconds; most entries it may have; then for a
--       run: the task, the pass's token, 1 if it must not be paused;
--       then for a person: how many entries the journal has to have; then the entries
--
-- Returns "ok", or why nothing was written: "fenced", "paused", "moved" or "full".

local journal = KEYS[1]
local length = redis.call("LLEN", journal)
local first = 4
if #KEYS > 1 then
	if redis.call("HGET", KEYS[3], ARGV[3]) ~= ARGV[4] then
		return "fenced"
	end
	if ARGV[5] == "1" and redis.call("HGET", KEYS[2], "on") == "1" then
		return "paused"
	end
	first = 6
elseif length ~= tonumber(ARGV[3]) then
	return "moved"
end
if length + #ARGV - first + 1 > tonumber(ARGV[2]) then
	return "full"
end

-- Each entry carries its time and a sum over its place, its time and itself.
local clock = redis.call("TIME")
local now = string.format("%.0f", clock[1] * 1000 + math.floor(clock[2] / 1000))
for i = first, #ARGV do
	local sum = redis.sha1hex(length .. " " .. now .. " " .. ARGV[i])
	redis.call("RPUSH", journal, now .. " " .. string.sub(sum, 1, 16) .. " " .. ARGV[i])
	length = length + 1
end
redis.call("PEXPIRE", journal, ARGV[1])
return "ok"
