-- Ends a task's turn at a host. host.lua stands before this.
--
-- ask: id, spacing, most, jitter as in enter.lua; ends (what that has returned), took (ms), ago (ms since
--      its last request began), delay (what the host wants between requests, in ms, -1: not known),
--      answered (the host did), refused (it asks to be left alone), pause (for how many ms; 0: it does
--      not say)
--
-- Returns 0, or of a task that was refused how often, for how many ms in all, and when to come again.

if tonumber(call("ZSCORE", running, ask.id) or "") ~= ask.ends then
	return {0, 0, 0} -- its lease has run out, the task has another turn since, or this was said before
end
call("ZREM", running, ask.id)
took = took == 0 and ask.took or 0.7 * took + 0.3 * ask.took
if ask.delay >= 0 then
	delay = ask.delay
end
opens = math.max(opens, now - ask.ago + least())
if not ask.refused then
	if ask.answered then
		strikes = 0
		call("HDEL", refused, ask.id)
	end
	write("opens", whole(opens), "took", whole(took), "delay", whole(delay), "strikes", whole(strikes))
	return {0, 0, 0}
end

strikes = math.min(strikes + 1, 20)
local pause = ask.pause
if pause == 0 then
	pause = math.min(5000 * 2 ^ (strikes - 1), 600000)
end
paused = math.max(paused, now + math.min(pause, day) * (1 + ask.jitter))
write("opens", whole(opens), "took", whole(took), "delay", whole(delay), "strikes", whole(strikes), "paused", whole(paused))

local times, since = string.match(call("HGET", refused, ask.id) or "", "^(%d+) (%d+)$")
times, since = (tonumber(times) or 0) + 1, tonumber(since) or now
call("HSET", refused, ask.id, whole(times) .. " " .. whole(since))
keep(refused, 2 * day)
return {times, math.max(0, now - since), await(paused - now + call("ZCARD", line) * pace())}
