-- Appends entries to a journal, if the writer may.
--
-- KEYS: journal, then for a run: brake, runs (those of its user)
-- ARGV: how long the journal is kept, in milliseconds; most entries it may have; the entry that
--       the last of the new ones takes the place of, if it is the latest ("" for none); then
--       for a run: the task, the pass's token, 1 if it must not be paused;
--       then for a person: how many entries the journal has to have; then the entries
--
-- Returns "ok", or why nothing was written: "fenced", "paused", "moved" or "full".

local journal = KEYS[1]
local length = redis.call("LLEN", journal)
local first = 5
if #KEYS > 1 then
	if redis.call("HGET", KEYS[3], ARGV[4]) ~= ARGV[5] then
		return "fenced"
	end
	if ARGV[6] == "1" and redis.call("HGET", KEYS[2], "on") == "1" then
		return "paused"
	end
	first = 7
elseif length ~= tonumber(ARGV[4]) then
	return "moved"
end

local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- The end of a step takes the place of its begin, and says how long ago that was.
local last = ARGV[#ARGV]
local replaced = ARGV[3]
local latest = replaced ~= "" and redis.call("LINDEX", journal, -1)
if latest and string.sub(latest, -#replaced - 1) == " " .. replaced then
	local began = tonumber(string.match(latest, "^%d+"))
	redis.call("RPOP", journal)
	length = length - 1
	last = string.format('{"took":%.0f,', now - began) .. string.sub(last, 2)
end
if length + #ARGV - first + 1 > tonumber(ARGV[2]) then
	return "full"
end

-- Each entry carries its time and a sum over its place, its time and itself.
local at = string.format("%.0f", now)
for i = first, #ARGV do
	local text = i == #ARGV and last or ARGV[i]
	local sum = redis.sha1hex(length .. " " .. at .. " " .. text)
	redis.call("RPUSH", journal, at .. " " .. string.sub(sum, 1, 16) .. " " .. text)
	length = length + 1
end
redis.call("PEXPIRE", journal, ARGV[1])
return "ok"
