-- What the client's scripts share that change tasks; it stands before each of them. ARGV[1] is JSON:
-- what the script is given.

local given = cjson.decode(ARGV[1])
local clock = redis.call("TIME")
local nanos = clock[1] .. string.format("%06d000", tonumber(clock[2]))

-- misfit says which key is of another type than it must be.
local function misfit(key, want)
	local is = redis.call("TYPE", key).ok
	if is ~= want and is ~= "none" then
		return {"wrong", key .. " is a " .. is .. " and must be a " .. want}
	end
end
