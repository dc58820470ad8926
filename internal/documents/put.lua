-- Keeps a document unless the one there has the same words, so that two attempts at the
-- same page agree on when it was stored.
-- KEYS[1] the document
-- ARGV    hash of its words, document, time of storing in ms, TTL in ms
-- Returns the state and the time of storing that holds.
local there = redis.call('HMGET', KEYS[1], 'hash', 'stored')
local state, stored = 'stored', ARGV[3]
if there[1] == ARGV[1] then
  state, stored = 'unchanged', there[2]
else
  if there[1] then state = 'changed' end
  redis.call('HSET', KEYS[1], 'hash', ARGV[1], 'document', ARGV[2], 'stored', stored)
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {state, stored}
