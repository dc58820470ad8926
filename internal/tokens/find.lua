-- Reads a token, with what ends it together with its parent, in one round trip.
--
-- KEYS: token (hash)
-- ARGV: JSON {token: what keys of tokens begin with}
--
-- Returns nothing if there is none; else its fields token, hash, uses, used and revoked, "" for
-- what is not there, and when its parent was revoked: "" if it was not or there is none, "0" if the
-- parent is gone.

local ask = cjson.decode(ARGV[1])

-- fields reads some of a key that may have any type.
local function fields(key, ...)
	if redis.call("TYPE", key).ok ~= "hash" then
		return nil
	end
	return redis.call("HMGET", key, ...)
end

local found = fields(KEYS[1], "token", "hash", "uses", "used", "revoked", "parent")
if not found then
	return {}
end
for i = 1, 6 do
	found[i] = found[i] or ""
end
local parent = found[6]
found[6] = ""
if parent ~= "" then
	local its = fields(ask.token .. parent, "token", "revoked")
	if its and its[1] then
		found[6] = its[2] or ""
	else
		found[6] = "0"
	end
end
return found
