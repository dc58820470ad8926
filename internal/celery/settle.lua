-- Takes messages out of intakes, and puts those that go on into another list. What is not in the intake
-- any more was dealt with by another.
--
-- KEYS   none: the broker of Celery is never a cluster
-- ARGV   1 JSON: items with intake, text (the place of the message), to (the list that it goes to, if
--        it goes to one) and most (how many that list keeps, if not all)
--        2.. the messages
--
-- Returns for each item 1, 0 if it was not there, or why it could not be moved.

local ask = cjson.decode(ARGV[1])
local became = {}
for i, item in ipairs(ask.items) do
	local text = ARGV[item.text]
	local is = item.to and redis.call("TYPE", item.to).ok or "none"
	if is ~= "none" and is ~= "list" then
		became[i] = item.to .. " is a " .. is .. " and not a list"
	else
		became[i] = redis.call("LREM", item.intake, -1, text)
		if became[i] > 0 and item.to then
			redis.call("LPUSH", item.to, text)
			if item.most then
				redis.call("LTRIM", item.to, 0, item.most - 1)
			end
		end
	end
end
return became
