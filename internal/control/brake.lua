-- One step of a user's brake, and the event that tells it. A step that changes nothing
-- tells nothing. tell.lua of the events stands before this.
--
-- The user * stands for everyone: its runs are those of all users, and its parked are the
-- users of whom something is parked because of it.
--
-- KEYS: brake (hash: on, since, by, state, seq, mark, handed), runs (hash: task -> who performs it),
--       parked (set: tasks), waits (hash: task -> the step that waits for a person),
--       resuming (set: parked tasks that somebody is about to run), events (stream)
-- ARGV: the step, the user, the deployment, then what the step takes
--
-- Returns 1 if the step was made, else 0; the number of the latest event; the state; how
-- many tasks are parked; then what the step returns; then the tasks that wait for a person;
-- since when the brake is as it is, in milliseconds, which is the number of the decision that
-- stands; by whom; and when parked tasks were last handed out, 0 if not since then.

local brake, runs, parked, waits, resuming = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local step, user = ARGV[1], ARGV[2]

local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
stage = {counter = brake, stream = KEYS[6], user = user, deployment = ARGV[3], now = now}
local held = redis.call("HGET", brake, "on") == "1"
local state = redis.call("HGET", brake, "state") or "running"
local since = tonumber(redis.call("HGET", brake, "since") or "0")

local function waiting()
	return redis.call("SCARD", parked) + redis.call("SCARD", resuming)
end

local function become(new)
	state = new
	redis.call("HSET", brake, "state", state)
	return tell("brake", string.format('"state":"%s","running":%d,"parked":%d', state, redis.call("HLEN", runs), waiting()))
end

-- decide notes a decision, whose number is its time, but later than that of the one before.
local function decide(by)
	since = math.max(now, since + 1)
	redis.call("HSET", brake, "since", string.format("%.0f", since), "by", by)
	redis.call("HDEL", brake, "handed")
end

-- nudge publishes an event on a control channel as well, with the mark by which everybody
-- knows it from a wish, and the number of the decision.
local function nudge(channel, event, mark)
	redis.call("HSETNX", brake, "mark", mark)
	local known = redis.call("HGET", brake, "mark")
	redis.call("PUBLISH", "agent:" .. channel .. ":" .. user,
		string.format('%s,"decision":%.0f,"mark":"%s"}', string.sub(event, 1, -2), since, known))
end

-- resumed notes that every parked task goes on.
local function resumed()
	if not held and state == "resuming" and waiting() == 0 then
		become("running")
	end
end

local steps = {}

-- pull puts the brake on, unless a decision later than the one numbered latest stands; ""
-- is whichever. It returns the runs that are to stop.
function steps.pull(latest, mark, by)
	if held or latest ~= "" and since > tonumber(latest) then
		return 0, redis.call("HGETALL", runs)
	end
	decide(by)
	held = true
	redis.call("HSET", brake, "on", "1")
	redis.call("SUNIONSTORE", parked, parked, resuming)
	redis.call("DEL", resuming)
	nudge("pause", become(redis.call("HLEN", runs) > 0 and "pausing" or "paused"), mark)
	return 1, redis.call("HGETALL", runs)
end

-- release takes it off, in the same way.
function steps.release(latest, mark, by)
	if not held or latest ~= "" and since > tonumber(latest) then
		return 0, {}
	end
	decide(by)
	held = false
	redis.call("HDEL", brake, "on")
	nudge("resume", become(waiting() > 0 and "resuming" or "running"), mark)
	return 1, {}
end

-- enter begins a run, or parks the member if the brake is on: the task, or for everyone its
-- user.
function steps.enter(task, who, member)
	if held then
		redis.call("SADD", parked, member)
		return 0, {}
	end
	redis.call("HSET", runs, task, who)
	if member == task then
		redis.call("SREM", parked, task)
		redis.call("SREM", resuming, task)
		redis.call("HDEL", waits, task)
		resumed()
	end
	return 1, {}
end

-- leave ends a run, if it still is the performer's. If it is parked so is the member, for
-- everyone only while the brake is on. One that is not parked says nothing of its task: the
-- performer may have been taken for lost, and another been refused and have parked it since.
-- Once the last has left, the user is paused.
function steps.leave(task, who, member, parks)
	if redis.call("HGET", runs, task) ~= who then
		if parks == "1" and held and member ~= task then -- it was not let in
			redis.call("SADD", parked, member)
		end
		return 0, {}
	end
	redis.call("HDEL", runs, task)
	if parks == "1" and (held or member == task) then
		redis.call("SADD", parked, member)
	end
	if held and state ~= "paused" and redis.call("HLEN", runs) == 0 then
		become("paused")
	end
	resumed()
	return 1, {}
end

-- hold adds a member to the parked ones if the brake is on.
function steps.hold(member)
	if not held then
		return 0, {}
	end
	redis.call("SADD", parked, member)
	return 1, {}
end

-- take hands out up to n parked members to whoever has them go on, or those handed out
-- before, if the decision of that number still stands.
function steps.take(decision, n, again)
	if held or since ~= tonumber(decision) then
		return 0, {}
	end
	if again == "1" then
		return 1, redis.call("SMEMBERS", resuming)
	end
	local some = tonumber(n) > 0 and redis.call("SPOP", parked, n) or {}
	if #some > 0 then
		redis.call("SADD", resuming, unpack(some))
		redis.call("HSET", brake, "handed", string.format("%.0f", now))
	end
	return 1, some
end

-- settled forgets members that were handed out and go on.
function steps.settled(...)
	if #{...} > 0 then
		redis.call("SREM", resuming, ...)
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

-- forget forgets tasks that are gone: nothing is to be known of them any more.
function steps.forget(...)
	for _, task in ipairs({...}) do
		redis.call("HDEL", waits, task)
		redis.call("SREM", parked, task)
		redis.call("SREM", resuming, task)
	end
	resumed()
	return 1, {}
end

-- look changes nothing and returns the runs.
function steps.look()
	return 1, redis.call("HGETALL", runs)
end

-- list changes nothing and returns the parked tasks.
function steps.list()
	return 1, redis.call("SUNION", parked, resuming)
end

local function tellDecision(task, name, decision)
	tell("decision", string.format('"task":%s,"step":%s,"decision":"%s"', text(task), text(name), decision))
	return 1, {}
end

-- ask notes that a step of a task waits for a person, if whoever says so still performs the task; "" does
-- if nobody else does.
function steps.ask(task, name, who)
	if (redis.call("HGET", runs, task) or "") ~= who then
		return 0, {}
	end
	redis.call("HSET", waits, task, name)
	return tellDecision(task, name, "asked")
end

-- decision notes what a person has decided.
function steps.decision(task, name, decision)
	redis.call("HDEL", waits, task)
	return tellDecision(task, name, decision)
end

local made, list = steps[step](unpack(ARGV, 4))
return {made, tonumber(redis.call("HGET", brake, "seq") or "0"), state, waiting(), list, redis.call("HGETALL", waits),
	since, redis.call("HGET", brake, "by") or "", tonumber(redis.call("HGET", brake, "handed") or "0")}
