-- Tells one event; tell.lua stands before this.
--
-- KEYS: counter, stream
-- ARGV: user, deployment, type, fields as JSON without its braces
--
-- Returns its number.

local clock = redis.call("TIME")
stage = {counter = KEYS[1], stream = KEYS[2], user = ARGV[1], deployment = ARGV[2], now = clock[1] * 1000 + math.floor(clock[2] / 1000)}
local _, seq = tell(ARGV[3], ARGV[4])
return seq
