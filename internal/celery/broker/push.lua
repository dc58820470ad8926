-- Puts messages into lists, each once however often it is asked to: a mark says that one was.
--
-- KEYS   none: the broker of Celery is never a cluster
-- ARGV   1 JSON: for (seconds a mark stays), items with mark, list and text (the place of the message)
--        2.. the messages
--
-- Returns for each item 1 if it was put there now, 0 if it was before, or why it could not be.

local ask = cjson.decode(ARGV[1])
local became = {}
for i, item in ipairs(ask.items) do
	if redis.call("EXISTS", item.mark) == 1 then
		became[i] = 0
	else
		local pushed = redis.pcall("LPUSH", item.list, ARGV[item.text])
		if type(pushed) == "table" and pushed.err then
			became[i] = pushed.err
		else
			redis.call("SET", item.mark, "1", "EX", ask["for"])
			became[i] = 1
		end
	end
end
return became
