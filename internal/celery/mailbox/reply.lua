-- Puts the answer of a node into the queue of whoever asked, unless they have gone.
--
-- KEYS   none: the broker of Celery is never a cluster
-- ARGV   1 JSON: binding (the set of the queues that are bound to the exchange of answers), member (what
--          stands there for the asker's queue), list (that queue), most (how many may wait in it), keep
--          (for how many seconds they do: a client that was killed takes none)
--        2 the message
--
-- Returns 1 if it was put there, 0 if nobody waits for it, -1 if too many wait already, or why it could
-- not be.

local ask = cjson.decode(ARGV[1])
if redis.pcall("SISMEMBER", ask.binding, ask.member) ~= 1 then
	return 0
end
local waiting = redis.pcall("LLEN", ask.list)
if type(waiting) == "number" and waiting >= ask.most then
	return -1
end
local pushed = redis.pcall("LPUSH", ask.list, ARGV[2])
if type(pushed) == "table" and pushed.err then
	return pushed.err
end
redis.call("EXPIRE", ask.list, ask.keep)
return 1
