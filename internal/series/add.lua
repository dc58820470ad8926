-- Adds what a process has counted of a queue to the figures of the minutes in which it was counted.
--
-- KEYS[1] is what the keys of the queue's figures begin with; all are in one slot.
-- ARGV: the name of the process; then for each of what it has counted its number, for how many seconds
--       it is over, and the counts with commas between them
--
-- The minute is that of Redis's clock, less those seconds: workers whose clocks differ fill the same
-- minute, and what was counted while Redis was away belongs to the minute it was counted in. The
-- number of the latest that was added is kept for each process. So a script that runs again, because
-- its answer was lost, adds nothing twice.
--
-- A key of an hour that is no hash is deleted: it holds nothing of ours.

local base, process = KEYS[1], ARGV[1]
local now = tonumber(redis.call("TIME")[1])
local kept, remembered = 49 * 3600, 2 * 3600
local most, longest = 1e12, 1000

-- numbers reads counts. What is no number, or out of all bounds, counts as nothing.
local function numbers(text)
	local all = {}
	for one in string.gmatch(text .. ",", "([^,]*),") do
		local n = string.find(one, "^%d+$") and #one <= 13 and tonumber(one) or 0
		all[#all + 1] = n <= most and n or 0
	end
	return all
end

-- sum returns the text of two vectors' sum.
local function sum(a, b)
	for i, n in ipairs(b) do
		a[i] = (a[i] or 0) + n
	end
	for i, n in ipairs(a) do
		a[i] = string.format("%.0f", math.min(n, most))
	end
	return table.concat(a, ",")
end

-- add adds counts to a field.
local function add(key, field, counts)
	local length = redis.pcall("HSTRLEN", key, field)
	if type(length) ~= "number" then
		redis.call("DEL", key)
		length = 0
	end
	local old = length > 0 and length <= longest and redis.call("HGET", key, field) or ""
	redis.call("HSET", key, field, sum(numbers(old), numbers(counts)))
	redis.call("EXPIRE", key, kept)
end

local last = redis.pcall("GET", base .. "added:" .. process)
last = type(last) == "string" and tonumber(last) or 0
for i = 2, #ARGV, 3 do
	local number, at = tonumber(ARGV[i]), now - tonumber(ARGV[i + 1])
	if number > last then
		local hour = math.floor(at / 3600) * 3600
		add(base .. string.format("%.0f", hour), string.format("%.0f", math.floor((at - hour) / 60)), ARGV[i + 2])
		last = number
	end
end
redis.call("SET", base .. "added:" .. process, string.format("%.0f", last), "EX", remembered)
return "ok"
