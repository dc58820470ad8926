-- Notes when exactly a delayed task is due, as asynq keeps whole seconds, and whether it is
-- parked.
--
-- KEYS: scheduled or retry, the task
-- ARGV: id, Unix time in milliseconds, 1 if it is parked

local score = redis.call("ZSCORE", KEYS[1], ARGV[1])
if score and tonumber(score) == math.floor(tonumber(ARGV[2]) / 1000) then
	redis.call("HSET", KEYS[2], "due_ms", ARGV[2])
end
if score and ARGV[3] == "1" then
	redis.call("HSET", KEYS[2], "parked", "1")
end
return 0
