-- Ends attempts and takes tasks for the slots that are free then. queue.lua, user.lua and
-- turns.lua (with a limit of users), finish.lua, end.lua and take.lua stand before this.
--
-- ask: done and marks (ids of those that succeeded, of which nothing is kept, and their marks),
--      ends (id, mark, way and what the way needs, see end.lua), take (most tasks to take), name
--      (that no other step gives), per_user (most tasks a user may have running), day (of the
--      counters), woken (by a token); what is empty is left out
--
-- Returns the tasks taken (see take.lua), their mark, whether more may wait (1 or 0), what was not the
-- caller's to end, how many were pushed out of the dead letter, and what was put right.

if ask.done then
	finishDone()
else
	begin()
end
if ask.ends then
	finishOthers()
end
tellWaiters()
local anew = processed > 0 and count("processed", processed)
if failed > 0 then
	count("failed", failed)
	if anew then -- one is a part of the other
		redis.call("SET", asynq .. "failed", failed)
	end
end
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
