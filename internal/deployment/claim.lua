-- Claims something for a deployment, or renews the claim, unless another deployment has it.
--
-- KEYS: the claim
-- ARGV: the deployment's name; for how long, in milliseconds; "" only asks
--
-- Returns who has it, "" for nobody, and for how long it still holds.

local holder = redis.call("GET", KEYS[1])
if ARGV[2] ~= "" and (not holder or holder == ARGV[1]) then
	redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
	return {ARGV[1], tonumber(ARGV[2])}
end
return {holder or "", redis.call("PTTL", KEYS[1])}
