-- Adds tasks to the index that it does not know: those of foreign clients and of earlier versions.
-- As nobody knows when they were added, it is now. queue.lua stands before this.
--
-- ask: items (id, labels: see index.lua, "" of one that cannot be looked for)
--
-- Returns what was put right.

begin()
local first = clock[1] * 1000000 + clock[2]
for n, item in ipairs(ask.items) do
	if exists(item.id) and redis.call("HEXISTS", tasks .. item.id, "index") == 0 then
		local micros = string.format("%.0f", first + n)
		redis.call("HSET", tasks .. item.id, "index", micros .. "\n" .. item.labels)
		gather(item.labels, item.id, micros)
		local kind = string.match(item.labels, "^[^\n]+")
		if kind then
			call("SADD", index .. "kinds", kind)
		end
	end
end
runIndexing("ZADD", index)
return {odd}
