-- Gives a task a turn at a host, or says when to come again. host.lua stands before this.
--
-- ask: id, spacing, lease (both in ms), most (turns at a time), jitter (a fraction of the spacing)
--
-- Returns 0, 0 and the end of the turn's lease in ms, or for how many ms to wait, how many tasks are to
-- come before, and 0.

local patience = 1000 -- in ms; for so long others wait for one that is late
local forgotten = 60 * 1000 -- in ms; whoever is later than that has no place any more

call("ZREMRANGEBYSCORE", running, "-inf", now)
local lost = tonumber(call("ZSCORE", running, ask.id) or "") -- the end of the lease of an attempt that was lost
call("ZREM", running, ask.id)
for _, id in ipairs(call("ZRANGEBYSCORE", due, "-inf", now - forgotten, "LIMIT", 0, 500)) do
	call("ZREM", line, id)
	call("ZREM", due, id)
end

local free = ask.most - call("ZCARD", running)
local place = call("ZSCORE", line, ask.id)
local ahead = place and call("ZCOUNT", line, "-inf", "(" .. place) or call("ZCARD", line)
ahead = math.max(0, ahead - call("ZCOUNT", due, "-inf", "(" .. (now - patience)))
local open = math.max(opens, paused)

if open <= now and (lost or free > ahead) then
	call("ZREM", line, ask.id)
	call("ZREM", due, ask.id)
	local ends = now + ask.lease
	if ends == lost then
		ends = ends + 1 -- it tells one attempt from another
	end
	call("ZADD", running, whole(ends), ask.id)
	keep(running, ask.lease)
	opens = now + least()
	write("opens", whole(opens))
	return {0, 0, ends}
end
local wait = open - now
if free <= ahead then
	-- Somebody has to leave first: whoever has been there longest, and takes as long as others did, or
	-- half as long again as until now.
	local first = call("ZRANGE", running, 0, 0, "WITHSCORES")[2]
	if first then
		local age = math.max(0, now - (tonumber(first) - ask.lease))
		took = math.max(took > 0 and took or 500, age * 1.5)
		wait = math.max(wait, took - age, 100)
	end
end
if place then -- it has waited for the jitter already
	local before = free > ahead and ahead or ahead - math.max(free, 0)
	return {await(wait + before * pace()), ahead, 0}
end
-- Whoever is new comes after all others, at a time of its own. Its turn is ready by then even if the
-- others came a little late, as they wait for the jitter, too, and their turns do not.
local last = call("ZRANGE", due, -1, -1, "WITHSCORES")[2]
local behind = last and tonumber(last) - now + pace(ask.jitter) or 0
return {await(math.max(wait + least() * ask.jitter, behind)), ahead, 0}
