-- One step of what a user's agents spend in a day. Money is in millionths.
--
-- KEYS: spent (hash: tokens, money, and for each agent tokens:<agent>, money:<agent>,
--       calls:<agent>), reserved (sorted set: <name> <tokens> <money>, by when it lapses),
--       settled (sorted set: names, for a while, by when they are forgotten)
-- ARGV: the step, the name of the reservation, then what the step takes
--
-- Returns "ok", or which limit would be passed: "tokens" or "money".

local spent, reserved, settled = KEYS[1], KEYS[2], KEYS[3]
local step, name = ARGV[1], ARGV[2]
local clock = redis.call("TIME")
local now = tonumber(clock[1])

-- remembered is for how many seconds a name is: longer than anybody tries to settle.
local remembered = 60

-- forget forgets the reservation of that name: the call is over, or asked for again.
local function forget()
	for _, member in ipairs(redis.call("ZRANGE", reserved, 0, -1)) do
		if string.match(member, "^(%S+) ") == name then
			redis.call("ZREM", reserved, member)
		end
	end
end

local function total(field, place)
	local sum = tonumber(redis.call("HGET", spent, field) or "0")
	for _, member in ipairs(redis.call("ZRANGE", reserved, 0, -1)) do
		sum = sum + tonumber((select(place, string.match(member, "^%S+ (%d+) (%d+)$"))))
	end
	return sum
end

local steps = {}

-- reserve sets aside what a call may take, unless that and what others may take would pass
-- a limit; 0: there is none. It lapses after so many seconds.
function steps.reserve(tokens, money, mostTokens, mostMoney, lapse, keep)
	redis.call("ZREMRANGEBYSCORE", reserved, "-inf", now)
	redis.call("ZREM", settled, name)
	forget()
	if tonumber(mostTokens) > 0 and total("tokens", 1) + tokens > tonumber(mostTokens) then
		return "tokens"
	end
	if tonumber(mostMoney) > 0 and total("money", 2) + money > tonumber(mostMoney) then
		return "money"
	end
	redis.call("ZADD", reserved, now + lapse, name .. " " .. tokens .. " " .. money)
	redis.call("EXPIRE", reserved, keep)
	return "ok"
end

-- settle puts what the call took in the place of what was set aside. Said again, because the
-- first answer was lost, it counts once.
function steps.settle(tokens, money, agent, keep)
	if redis.call("ZSCORE", settled, name) then
		return "ok"
	end
	forget()
	redis.call("ZREMRANGEBYSCORE", settled, "-inf", now)
	redis.call("ZADD", settled, now + remembered, name)
	redis.call("EXPIRE", settled, remembered)
	for field, n in pairs({tokens = tokens, money = money}) do
		redis.call("HINCRBY", spent, field, n)
		redis.call("HINCRBY", spent, field .. ":" .. agent, n)
	end
	redis.call("HINCRBY", spent, "calls:" .. agent, 1)
	redis.call("EXPIRE", spent, keep)
	return "ok"
end

-- release gives back what was set aside for a call that brought nothing.
function steps.release()
	forget()
	return "ok"
end

return steps[step](unpack(ARGV, 3))
