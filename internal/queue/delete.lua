-- Deletes a task, whatever is kept of it, unless it runs. index.lua and byhand.lua stand before this.
--
-- ARGV: {replies: the hash in which it is kept what there is to tell of the task, and field: where, if
--       there is anything}, what there is to tell
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
if given.replies and kind == "hash" and word ~= "archived" and word ~= "completed" and not misfit(given.replies, "hash") then
	redis.call("HSET", given.replies, given.field, ARGV[2]) -- the end of others has been told
end
return before
