-- What the scripts know of the attempts at a task that have ended; it stands before those that end
-- attempts. They are lines, the oldest first, each JSON. Of one whose worker was lost, what was noted
-- while it ran follows behind a tab.

-- withAttempt returns the lines of a task with one more, the latest mostAttempts of them.
local function withAttempt(id, line)
	local lines = call("HGET", tasks .. id, "attempts") or ""
	if #lines > mostAttempts * 4096 then
		lines = "" -- these are not ours
	end
	local _, n = string.gsub(lines, "\n", "")
	while n >= mostAttempts do
		lines = string.sub(lines, string.find(lines, "\n", 1, true) + 1)
		n = n - 1
	end
	return lines .. line .. "\n"
end
