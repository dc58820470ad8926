-- Changes the state of a delivery of a briefing: its attempt has ended, or a person has decided.
-- KEYS[1] the briefing, a hash; all of it is untrusted
-- ARGV[1] JSON: channel; from, the states that may be left; token of the attempt, absent if a person
--         decides; state, at and detail, as they are to be
-- Returns 1 and the entry if that was done, otherwise 0 and the entry as it is.
local asked = cjson.decode(ARGV[1])
-- A briefing that has expired must not come back as a hash that never does.
if redis.call('TYPE', KEYS[1])['ok'] ~= 'hash' then return {0, ''} end
local field = 'delivery:' .. asked.channel
local raw = redis.call('HGET', KEYS[1], field)
if not raw then return {0, ''} end
local ok, entry = pcall(cjson.decode, raw)
if not ok or type(entry) ~= 'table' then entry = {state = 'doubtful'} end
if asked.token and entry.token ~= asked.token then return {0, raw} end
for _, from in ipairs(asked.from) do
  if entry.state == from then
    entry.state, entry.at, entry.detail = asked.state, asked.at, asked.detail
    local text = cjson.encode(entry)
    redis.call('HSET', KEYS[1], field, text)
    return {1, text}
  end
end
return {0, raw}
