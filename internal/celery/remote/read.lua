-- Reads the beginnings of results.
--
-- KEYS   none: the backend of Celery is never a cluster
-- ARGV   1 JSON: keys (of the results), most (how many bytes of each)
--
-- Returns for each key the beginning of what is there, "" for nothing, 0 for what is no string.

local ask = cjson.decode(ARGV[1])
local begun = {}
for i, key in ipairs(ask.keys) do
	local text = redis.pcall("GET", key)
	if type(text) == "table" then
		begun[i] = 0
	else
		begun[i] = text and string.sub(text, 1, ask.most) or ""
	end
end
return begun
