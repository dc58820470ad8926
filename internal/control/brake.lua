-- One step of a user's brake, and the event that tells it. A step that changes nothing
-- tells nothing.
--
-- KEYS: brake (hash: on, since, state, seq, mark), runs (hash: task -> who performs it),
--       parked (set: tasks), waits (hash: task -> the step that waits for a person)
-- ARGV: the step, the user, then what the step takes
--
-- Returns 1 if the step was made, else 0; the number of the latest event; the state; how
-- many tasks are parked; then what the step returns; then the tasks that wait for a person.

local brake, runs, parked, waits = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local step, user = ARGV[1], ARGV[2]

local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local held = redis.call("HGET", brake, "on") == "1"
local state = redis.call("HGET", brake, "state") or "running"
local seq = tonumber(redis.call("HGET", brake, "seq") or "0")

-- at returns the time as RFC 3339 has it. Days become a date as Howard Hinnant's
-- "chrono-Compatible Low-Level Date Algorithms" describe under civil_from_days.
local function at()
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

-- tell publishes an event on the user's status channel, and returns it. fields is JSON
-- without its braces.
local function tell(kind, fields)
	seq = redis.call("HINCRBY", brake, "seq", 1)
	local event = string.format('{"version":1,"type":"%s","user":%s,"seq":%d,"at":"%s",%s}', kind, cjson.encode(user), seq, at(), fields)
	redis.call("PUBLISH", "agent:status:" .. user, event)
	return event
end

local function become(new)
	state = new
	redis.call("HSET", brake, "state", state)
	return tell("brake", string.format('"state":"%s","running":%d,"parked":%d', state, redis.call("HLEN", runs), redis.call("SCARD", parked)))
end

-- nudge publishes an event on a control channel as well, with the mark by which guards know
-- it from the messages of others.
local function nudge(channel, event, mark)
	redis.call("HSETNX", brake, "mark", mark)
	local known = redis.call("HGET", brake, "mark")
	redis.call("PUBLISH", "agent:" .. channel .. ":" .. user, string.format('%s,"mark":"%s"}', string.sub(event, 1, -2), known))
end

-- resumed notes that every parked task goes on.
local function resumed()
	if not held and state == "resuming" and redis.call("SCARD", parked) == 0 then
		become("running")
	end
end

local steps = {}

-- pull puts the brake on, unless something else was decided since it was asked for, so
-- many milliseconds ago. It returns the runs that are to stop.
function steps.pull(ago, mark)
	local late = tonumber(redis.call("HGET", brake, "since") or "0") > now - tonumber(ago)
	if held or late then
		return 0, redis.call("HGETALL", runs)
	end
	redis.call("HSET", brake, "on", "1", "since", string.format("%.0f", now))
	nudge("pause", become(redis.call("HLEN", runs) > 0 and "pausing" or "paused"), mark)
	return 1, redis.call("HGETALL", runs)
end

-- release takes it off, in the same way. It returns the tasks that are to go on.
function steps.release(ago, mark)
	local late = tonumber(redis.call("HGET", brake, "since") or "0") > now - tonumber(ago)
	if not held or late then
		return 0, redis.call("SMEMBERS", parked)
	end
	redis.call("HSET", brake, "since", string.format("%.0f", now))
	redis.call("HDEL", brake, "on")
	nudge("resume", become(redis.call("SCARD", parked) > 0 and "resuming" or "running"), mark)
	return 1, redis.call("SMEMBERS", parked)
end

-- enter begins a run, or parks it if the brake is on.
function steps.enter(task, who)
	if held then
		redis.call("SADD", parked, task)
		return 0, {}
	end
	redis.call("HSET", runs, task, who)
	redis.call("SREM", parked, task)
	redis.call("HDEL", waits, task)
	resumed()
	return 1, {}
end

-- leave ends a run, parked or not, if it still is the performer's. Once the last has left,
-- the user is paused.
function steps.leave(task, who, parks)
	if redis.call("HGET", runs, task) ~= who then
		return 0, {}
	end
	redis.call("HDEL", runs, task)
	redis.call(parks == "1" and "SADD" or "SREM", parked, task)
	if held and state ~= "paused" and redis.call("HLEN", runs) == 0 then
		become("paused")
	end
	resumed()
	return 1, {}
end

-- unpark forgets tasks that go on.
function steps.unpark(...)
	if #{...} > 0 then
		redis.call("SREM", parked, ...)
	end
	resumed()
	return 1, {}
end

-- overdue notes that some did not stop in time, and returns them.
function steps.overdue()
	if held and state == "pausing" and redis.call("HLEN", runs) > 0 then
		become("partial")
	end
	return 1, redis.call("HGETALL", runs)
end

-- waiting changes nothing and returns the parked tasks.
function steps.waiting()
	return 1, redis.call("SMEMBERS", parked)
end

-- look changes nothing and returns the runs.
function steps.look()
	return 1, redis.call("HGETALL", runs)
end

-- decision notes that a step of a task waits for a person, or what was decided.
function steps.decision(task, name, decision)
	if decision == "asked" then
		redis.call("HSET", waits, task, name)
	else
		redis.call("HDEL", waits, task)
	end
	tell("decision", string.format('"task":%s,"step":%s,"decision":"%s"', cjson.encode(task), cjson.encode(name), decision))
	return 1, {}
end

-- tell publishes an event of another kind.
function steps.tell(kind, fields)
	tell(kind, fields)
	return 1, {}
end

local made, list = steps[step](unpack(ARGV, 3))
return {made, seq, state, redis.call("SCARD", parked), list, redis.call("HGETALL", waits)}
