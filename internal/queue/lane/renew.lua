-- Renews the leases that are still the caller's. A lease's score is its end by Redis's
-- clock, to half a second, and its fraction is the mark of whoever took the task: a
-- different one means that somebody else has taken it since. Done twice it is the same as
-- done once, so a lost reply does no harm. queue.lua stands before this.
--
-- ask: leases (id, mark, place of what is to be kept of the attempt or 0, ...)
--
-- Returns the ids that are no longer the caller's, the tasks that somebody has cancelled as
-- id, by whom, ..., and what was put right.

begin()
local ends = now + leaseTerm
local lost, cancelled = {}, {}
for i = 1, #ask.leases, 3 do
	local id, mark = ask.leases[i], ask.leases[i + 1] / 1048576
	local held = call("ZSCORE", lease, id)
	if not held and unheld(id) then
		note(tasks .. id, id, "runs and had no lease")
		held = mark
	end
	if held and number(held) % 1 == mark then
		call("ZADD", lease, string.format("%.17g", math.floor(ends - mark + 0.5) + mark), id)
		if ask.leases[i + 2] > 0 then
			call("HSET", tasks .. id, "attempt", ARGV[ask.leases[i + 2]])
		end
		local by = call("HGET", tasks .. id, "cancel")
		if by then
			cancelled[#cancelled + 1] = id
			cancelled[#cancelled + 1] = by
		end
	else
		lost[#lost + 1] = id
	end
end
return {lost, cancelled, odd}
