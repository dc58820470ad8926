-- Reads the beginnings of results.
--
-- KEYS   none: the backend of Celery is never a cluster
-- ARGV   1 JSON: keys (of the results), most (how many bytes of each)
--
-- Returns for each key the beginning of what is there, "" for nothing and for what is no string.

local ask = cjson.decode(ARGV[1])
local begun = {}
for i, key in ipairs(ask.keys) do
	local meta = redis.pcall("GET", key)
	begun[i] = type(meta) == "string" and string.sub(meta, 1, ask.most) or ""
end
return begun
