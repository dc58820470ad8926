-- Writes results and tells those who wait for them. A final result is never replaced.
--
-- KEYS   none: the backend of Celery is never a cluster
-- ARGV   1 JSON: for (seconds for which they are kept, 0: for ever), items with key and text (the place
--        of the result)
--        2.. the results
--
-- Returns for each item 1, 0 if a final one is there, or why it could not be written.

local ask = cjson.decode(ARGV[1])

-- isFinal reports whether a result is one. Both Celery and we write the status first; what others
-- write is read as a whole.
local function isFinal(text)
	local status = string.match(text, '^{"status": "(%u+)"')
	if not status then
		local ok, meta = pcall(cjson.decode, text)
		status = ok and type(meta) == "table" and meta.status
	end
	return status == "SUCCESS" or status == "FAILURE" or status == "REVOKED"
end

local became = {}
for i, item in ipairs(ask.items) do
	local there = redis.pcall("GET", item.key)
	if type(there) == "table" and there.err then
		became[i] = item.key .. ": " .. there.err
	elseif there and isFinal(there) then
		became[i] = 0
	else
		if ask["for"] > 0 then
			redis.call("SET", item.key, ARGV[item.text], "EX", ask["for"])
		else
			redis.call("SET", item.key, ARGV[item.text])
		end
		redis.call("PUBLISH", item.key, ARGV[item.text])
		became[i] = 1
	end
end
return became
