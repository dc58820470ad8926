-- Removes from the index what is no task any more: one that somebody has deleted behind our back,
-- or has added again with other labels. It looks at a part of each kind's set at a time. queue.lua
-- stands before this.
--
-- ask: at (by kind: from which place on to look), most (how many to look at in each)
--
-- Returns where to go on in each as kind, place, ..., how many were removed, and what was put right.

begin()
local next, removed, again = {}, 0, {}
aside(index .. "kinds")

-- check removes a task that has other labels than its member says, or none, and adds it with its own.
local function check(set, kind, member)
	local id, rest = string.match(member, "^(.*)(\n[^\n]*\n[^\n]*)$")
	if not id then
		removed = removed + redis.call("ZREM", set, member)
		return
	end
	local field = exists(id) and redis.call("HGET", tasks .. id, "index") or ""
	local micros, labels = string.match(field, "^(%d+)\n(.*)$")
	local stale = kind .. rest
	if labels == stale then
		return
	end
	removed = removed + 1
	gather(stale, id)
	if labels then
		again[#again + 1] = {labels, id, micros}
	end
end

for _, kind in ipairs(redis.call("SMEMBERS", index .. "kinds")) do
	local set = index .. "kind:" .. kind
	aside(set)
	local from = ask.at[kind] or 0
	local members = redis.call("ZRANGE", set, from, from + ask.most - 1)
	local before = removed
	for _, member in ipairs(members) do
		check(set, kind, member)
	end
	if redis.call("EXISTS", set) == 0 then
		redis.call("SREM", index .. "kinds", kind)
	end
	next[#next + 1] = kind
	next[#next + 1] = #members < ask.most and 0 or from + #members - (removed - before)
end
runIndexing("ZREM", index)
for _, task in ipairs(again) do
	gather(unpack(task))
end
runIndexing("ZADD", index)
return {next, removed, odd}
