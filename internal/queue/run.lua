-- Makes a task ready that waits for something else than a worker, or has ended and not
-- succeeded. byhand.lua stands before this.
--
-- ARGV: {only: the one state that is meant, scheduled or parked, if there is one, late: after
--       how many seconds no retry is due}, what the message of one that has expired gets appended
--
-- Returns "runs", or "" if it is in no state to be run, and the rest of answer; or {"wrong", a
-- key of another type}.

-- meant reports whether the task is in a state to be run. Earlier versions did not say that a
-- task is parked, but no retry is due so late.
local function meant()
	if given.only == "parked" then
		local due = redis.pcall("ZSCORE", sets.retry, id)
		due = type(due) == "string" and tonumber(due)
		return word == "retry" and due and (fields[2] == "1" or due >= tonumber(clock[1]) + given.late)
	elseif given.only then
		return word == given.only
	end
	return word == "scheduled" or word == "retry" or word == "archived" or word == "aggregating"
end

if repeated() then
	return answer("runs")
end
if not meant() then
	return answer("")
end
local wrong = misfit(pending, "list") or misfit(wake, "list")
if wrong then
	return wrong
end
local before = answer("runs")
leave()
keep()
redis.call("HDEL", task, "due_ms", "parked")
if not given.only then
	-- It begins anew: its attempts are counted from there, so its progress is, too.
	redis.call("HDEL", task, "losses", "ending", "awaits", "cancel", "progress_at")
end
if string.sub(group, 1, 5) == "user:" then
	redis.call("HDEL", task, "group") -- the lane writes it again if it is not the user's turn
end
redis.call("HSET", task, "state", "pending", "pending_since", nanos)
local msg = fields[3] == "expired" and redis.call("HGET", task, "msg")
if msg then
	redis.call("HSET", task, "msg", msg .. ARGV[2])
end
redis.call("LPUSH", pending, id)
redis.call("LPUSH", wake, "")
redis.call("LTRIM", wake, 0, given.tokens - 1)
return before
