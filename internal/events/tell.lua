-- What a script knows of a user's events; it stands before the script. The script sets
-- stage before it tells anything:
--
--   counter (a hash whose field seq is the number of the user's latest event), stream,
--   user, deployment, now, in milliseconds, and key, by which the telling is known, or nil

local stage

-- at returns the time as RFC 3339 has it. Days become a date as Howard Hinnant's
-- "chrono-Compatible Low-Level Date Algorithms" describe under civil_from_days.
local function at(now)
	local z = math.floor(now / 86400000) + 719468
	local era = math.floor(z / 146097)
	local doe = z - era * 146097
	local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
	local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
	local mp = math.floor((5 * doy + 2) / 153)
	local month = mp < 10 and mp + 3 or mp - 9
	local year = yoe + era * 400 + (month <= 2 and 1 or 0)
	local ms = now % 86400000
	return string.format("%04d-%02d-%02dT%02d:%02d:%06.3fZ", year, month, doy - math.floor((153 * mp + 2) / 5) + 1,
		math.floor(ms / 3600000), math.floor(ms / 60000) % 60, ms % 60000 / 1000)
end

-- text returns a string as JSON. cjson would escape slashes.
local function text(s)
	return (string.gsub(cjson.encode(s), "\\/", "/"))
end

-- tell adds an event to the user's stream, publishes it on the user's status channel, and
-- returns it and its number. fields is JSON without its braces.
local function tell(kind, fields)
	local seq = redis.call("HINCRBY", stage.counter, "seq", 1)
	local event = string.format('{"version":1,"type":"%s","user":%s,"seq":%d,"at":"%s","deployment":%s%s}',
		kind, text(stage.user), seq, at(stage.now), text(stage.deployment), fields == "" and "" or "," .. fields)
	local entry = {"event", event}
	if stage.key then
		entry = {"event", event, "key", stage.key}
	end
	local function add()
		return redis.pcall("XADD", stage.stream, "MAXLEN", "~", "256", seq .. "-0", unpack(entry))
	end
	if type(add()) == "table" then -- the numbers began anew below those that are kept
		redis.call("DEL", stage.stream)
		add()
	end
	redis.call("PEXPIRE", stage.stream, 604800000)
	redis.call("PUBLISH", "agent:status:" .. stage.user, event)
	return event, seq
end
