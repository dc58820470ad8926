-- Adds tasks to the index that it does not know: those of foreign clients and of earlier versions.
-- As nobody knows when they were added, it is now. queue.lua stands before this.
--
-- ask: items (id, labels: see index.lua, "" of one that cannot be looked for)
--
-- Returns what was put right.

begin()
local unknown = {}
for _, item in ipairs(ask.items) do
	if exists(item.id) and redis.call("HEXISTS", tasks .. item.id, "index") == 0 then
		unknown[#unknown + 1] = item
	end
end
addLabels(unknown)
return {odd}
