-- What the scripts know of a host; it stands before each of them. All of it is from now: what is
-- damaged is forgotten.
--
-- KEYS: turns (hash: opens, paused, both in ms; took, how long turns take, and delay, what the host
--       wants between them, in ms; strikes, how often it has refused in a row),
--       running (sorted set: tasks that have a turn, by the end of their lease in ms),
--       line (sorted set: tasks that wait, by when they came in us), due (the same, by when they come
--       again in ms), refused (hash: how often the host has refused a task, and since when in ms)

local turns, running, line, due, refused = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local ask = cjson.decode(ARGV[1])
local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local day = 24 * 3600 * 1000
local idle = 3600 * 1000 -- after which what is known of a host is forgotten

-- call runs a command on a key, which is emptied if it holds something else than it should.
local function call(command, key, ...)
	local reply = redis.pcall(command, key, ...)
	if type(reply) ~= "table" or not reply.err then
		return reply
	end
	if string.find(reply.err, "WRONGTYPE", 1, true) then
		redis.call("DEL", key)
	end
	return redis.call(command, key, ...)
end

if call("ZCARD", line) ~= call("ZCARD", due) then
	redis.call("DEL", line, due)
end

-- known returns a number that is kept, within bounds; 0 if it is none.
local known = call("HMGET", turns, "opens", "paused", "took", "delay", "strikes")
local function number(place, most)
	local n = tonumber(known[place] or "0")
	if not n or n ~= n or n < 0 then
		return 0
	end
	return math.min(n, most)
end
local opens, paused = number(1, now + day), number(2, now + day)
local took, delay, strikes = number(3, idle), number(4, idle), number(5, 20)

-- keep keeps a key for so many ms at least.
local function keep(key, ms)
	if call("PTTL", key) < ms then
		call("PEXPIRE", key, string.format("%.0f", ms))
	end
end

local function write(...)
	call("HSET", turns, ...)
	keep(turns, idle + math.max(0, opens - now, paused - now))
end

local function whole(n)
	return string.format("%.0f", n)
end

-- least is what has to be between the beginnings of two turns. pace is how fast the line moves with a
-- jitter, or with the one that it has on average.
local function least()
	return math.max(ask.spacing, delay)
end
local function pace(jitter)
	return math.max(least() * (1 + (jitter or 0.1)), took / ask.most)
end

-- await has a task wait in the line, at its old place if it has one, and come again after so
-- many ms.
local function await(wait)
	wait = math.ceil(math.min(math.max(wait, 20), day))
	if not call("ZSCORE", line, ask.id) then
		call("ZADD", line, whole(clock[1] * 1000000 + clock[2]), ask.id)
	end
	call("ZADD", due, whole(now + wait), ask.id)
	keep(line, wait + idle)
	keep(due, wait + idle)
	return wait
end
