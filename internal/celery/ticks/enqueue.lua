-- Puts the messages of ticks into lists of Celery, each once: the ledger knows the latest tick of each
-- entry that was sent, and one that is not later was dealt with. So who was held up cannot send a tick
-- again that others have sent meanwhile.
--
-- KEYS   none: the broker of Celery is never a cluster
-- ARGV   1 JSON: ledger (key of a hash: entry -> tick), ages (key of a sorted set: entry, by when it was
--          written), before (Unix time in ms from which nothing is sent), items with entry, tick (Unix
--          time in s), list and text (the place of the message)
--        2.. the messages
--
-- Returns for each item 1 if it was sent now, 0 if it was before, or why it could not be; nothing at all
-- if it is too late.

local ask = cjson.decode(ARGV[1])
local clock = redis.call("TIME")
if tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000) >= ask.before then
	return {}
end

-- misfit says that a key is of another type than it has to be.
local function misfit(key, type)
	local is = redis.call("TYPE", key).ok
	if is ~= "none" and is ~= type then
		return "key " .. key .. " is a " .. is .. " and no " .. type .. ": rename or delete it"
	end
end

local unbooked = misfit(ask.ledger, "hash") or misfit(ask.ages, "zset")

local function send(item)
	local wrong = unbooked or misfit(item.list, "list")
	if wrong then
		return wrong
	end
	local latest = tonumber(redis.call("HGET", ask.ledger, item.entry) or "") or -1
	if latest >= item.tick then
		return 0
	end
	local pushed = redis.pcall("LPUSH", item.list, ARGV[item.text])
	if type(pushed) == "table" and pushed.err then
		return pushed.err
	end
	redis.call("HSET", ask.ledger, item.entry, string.format("%.0f", item.tick))
	redis.call("ZADD", ask.ages, clock[1], item.entry)
	return 1
end

local became = {}
for i, item in ipairs(ask.items) do
	became[i] = send(item)
end
return became
