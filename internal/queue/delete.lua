-- Deletes a task, whatever is kept of it, unless it runs. index.lua and byhand.lua stand before this.
--
-- Returns "deleted", or "" if it runs or there is none, and the rest of answer.

if word == "active" then
	return answer("")
end
local before = answer("deleted")
local there = leave()
fromIndex(task, id)
unlock()
if redis.call("DEL", task) == 0 and not there then
	before[1] = ""
end
runIndexing("ZREM", given.index)
return before
