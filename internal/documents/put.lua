-- Keeps a document. It is new again only if its words have changed in substance, so that two
-- attempts at the same page agree on when it was stored, and a counter makes nothing new.
-- KEYS[1] the document
-- ARGV    hash of its words, document, time of storing in ms, TTL in ms, title to compare,
--         signature of its text, how many places of two signatures are equal in the same substance
-- Returns the state and the time of storing that holds.
local there = redis.call('HMGET', KEYS[1], 'hash', 'stored', 'title', 'shingles')

local function alike(a, b)
  local n = 0
  for i = 1, math.min(#a, #b), 8 do
    if string.sub(a, i, i + 7) == string.sub(b, i, i + 7) then n = n + 1 end
  end
  return n
end

local state, stored = 'stored', ARGV[3]
if there[1] == ARGV[1] then
  state, stored = 'unchanged', there[2]
elseif there[2] and there[3] == ARGV[5] and alike(there[4] or '', ARGV[6]) >= tonumber(ARGV[7]) then
  -- What it is compared with stays, so that many small changes become one.
  state, stored = 'unchanged', there[2]
  redis.call('HSET', KEYS[1], 'hash', ARGV[1], 'document', ARGV[2])
else
  if there[1] then state = 'changed' end
  redis.call('HSET', KEYS[1], 'hash', ARGV[1], 'document', ARGV[2], 'stored', stored, 'title', ARGV[5], 'shingles', ARGV[6])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {state, stored}
