-- Notes when exactly a delayed task is due. asynq keeps whole seconds.
--
-- KEYS: scheduled or retry, the task
-- ARGV: id, Unix time in milliseconds

local score = redis.call("ZSCORE", KEYS[1], ARGV[1])
if score and tonumber(score) == math.floor(tonumber(ARGV[2]) / 1000) then
	redis.call("HSET", KEYS[2], "due_ms", ARGV[2])
end
return 0
