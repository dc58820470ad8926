-- Sets a field of a task, unless the task is gone.
--
-- KEYS: the task
-- ARGV: field, value

if redis.call("EXISTS", KEYS[1]) == 1 then
	redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
end
return 0
