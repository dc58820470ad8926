-- Moves messages from the lists of Celery's queues into their intakes. Of a queue's lists, in the
-- order in which they are served, the next one is taken from only once those before it are empty.
--
-- KEYS   none: the broker of Celery is never a cluster
-- ARGV   1 JSON: queues with lists and intakes (of each list), first (how many are taken from the
--        first list at most) and rest (from all others together, less those), bytes (after which no
--        more are taken)
--
-- Returns for each queue {how many it has left, list, message, list, message, ...} with the place of
-- the list, or {-1, why it cannot be taken from}.

local ask = cjson.decode(ARGV[1])
local bytes = 0

local function take(queue)
	local answer, rest = {0}, queue.rest
	for i, list in ipairs(queue.lists) do
		local most = i == 1 and queue.first or rest
		local left = redis.pcall("LLEN", list)
		if type(left) ~= "number" then
			return {-1, list .. ": " .. left.err}
		end
		while left > 0 and most > 0 and bytes < ask.bytes do
			local text = redis.pcall("LMOVE", list, queue.intakes[i], "RIGHT", "LEFT")
			if type(text) ~= "string" then
				return {-1, queue.intakes[i] .. ": " .. (text and text.err or "is gone")}
			end
			answer[#answer + 1] = i
			answer[#answer + 1] = text
			left, most, rest, bytes = left - 1, most - 1, rest - 1, bytes + #text
		end
		answer[1] = answer[1] + left
		if left > 0 then
			rest = 0
		end
	end
	return answer
end

local answers = {}
for i, queue in ipairs(ask.queues) do
	answers[i] = take(queue)
end
return answers
