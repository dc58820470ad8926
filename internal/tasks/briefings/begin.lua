-- Writes that a delivery of a briefing begins, or says why it must not.
-- KEYS[1] the briefing, a hash; all of it is untrusted
-- ARGV[1] JSON: channel; token, which names this attempt; at; repeats: whether the channel may bring
--         the same briefing again without harm
-- Returns what holds from now on, "begun" if this attempt may deliver, "gone" if there is no briefing,
--         and the entry.
local asked = cjson.decode(ARGV[1])
local kind = redis.call('TYPE', KEYS[1])['ok']
if kind == 'none' then return {'gone', ''} end
if kind ~= 'hash' then return redis.error_reply('ERR ' .. KEYS[1] .. ' holds no hash: delete or rename it') end
-- So noted releases before the ledger.
if redis.call('HEXISTS', KEYS[1], 'delivered:' .. asked.channel) == 1 then return {'delivered', ''} end
local field = 'delivery:' .. asked.channel
local raw = redis.call('HGET', KEYS[1], field)
local entry = {}
if raw then
  local ok, read = pcall(cjson.decode, raw)
  -- What cannot be read may have been an intent.
  if ok and type(read) == 'table' and type(read.state) == 'string' then entry = read else entry = {state = 'begun'} end
  if entry.state == 'delivered' or entry.state == 'settled' then return {entry.state, raw} end
  if not asked.repeats and entry.state == 'doubtful' then return {'doubtful', raw} end
end
entry.attempt = (tonumber(entry.attempt) or 0)
if entry.state == 'begun' and not asked.repeats then
  entry.state = 'doubtful'
  entry.detail = 'the worker was lost while it delivered'
else
  entry = {state = 'begun', attempt = entry.attempt + 1, token = asked.token, at = asked.at}
end
local text = cjson.encode(entry)
redis.call('HSET', KEYS[1], field, text)
return {entry.state, text}
