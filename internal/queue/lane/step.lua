-- Ends attempts and takes tasks for the slots that are free then. queue.lua, user.lua,
-- turns.lua, end.lua and take.lua stand before this.
--
-- ask: done (id, mark, ...: succeeded, and nothing is kept), ends (id, mark, way and what the way
--      needs, see end.lua), take (most tasks to take),
--      term (of a lease, in seconds), name (that no other step gives), per_user
--      (most tasks a user may have running, 0: any number), tokens (most wake tokens), day and
--      day_ends (of the counters), woken (by a token), dead_for and dead_most (of the dead letter)
--
-- Returns the tasks taken (see take.lua), their mark, whether more may wait (1 or 0), what was not the
-- caller's to end, how many were pushed out of the dead letter, and what was put right.

-- The score of a lease is its end, to a second; its fraction is the mark of who took the task. It
-- is the time within the second, backwards: no two takes are in the same microsecond. So the
-- later lease of a second comes first in its set, and Redis need not go through all others,
-- reading their scores, to find its place.
local mark = 1048575 - math.floor(tonumber(clock[2]) * 1.048576)
ask.score = string.format("%.17g", tonumber(clock[1]) + ask.term + mark / 1048576)

-- What is called for each task needs no check of its keys' types then.
for _, key in ipairs({pending, active, lease}) do
	aside(key)
end
finishAll()
take(ask.take)
if passing == 0 then
	moved = moved + 1
end
-- Tokens without a task were left for tasks that are taken, or for such as are due later: of
-- those the caller, whom a token has woken, hears from its forwarder.
if ask.woken and #taken == 0 and call("LLEN", pending) == 0 then
	redis.call("DEL", wake)
end
-- Whoever else waits is woken for what was moved and is still there.
if moved > 0 then
	leaveTokens(math.min(moved, (call("LLEN", pending))))
end
return {taken, mark, passing == 0 and 1 or 0, lost, trimmed, odd}
