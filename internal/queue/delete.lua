-- Deletes a task, whatever is kept of it, unless it runs. byhand.lua stands before this.
--
-- Returns "deleted", or "" if it runs or there is none, and the rest of answer.

if word == "active" then
	return answer("")
end
local before = answer("deleted")
local there = leave()
unlock()
if redis.call("DEL", task) == 0 and not there then
	before[1] = ""
end
return before
