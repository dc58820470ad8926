-- Adds uses to tokens that are still there.
--
-- KEYS: any key in the slot of the tokens
-- ARGV: JSON {token: what keys of tokens begin with, uses: for each token its ID, how often it was
--       used and when last, in ms}
--
-- Returns nothing.

local ask = cjson.decode(ARGV[1])
for _, use in ipairs(ask.uses) do
	local token = ask.token .. use[1]
	if redis.call("TYPE", token).ok == "hash" and redis.call("HEXISTS", token, "token") == 1 then
		if type(redis.pcall("HINCRBY", token, "uses", use[2])) == "table" then -- somebody has written what is no number
			redis.call("HSET", token, "uses", use[2])
		end
		local before = tonumber(redis.call("HGET", token, "used") or "0") or 0
		redis.call("HSET", token, "used", string.format("%.0f", math.max(before, use[3])))
	end
end
