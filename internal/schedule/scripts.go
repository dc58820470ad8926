package schedule

import (
	"github.com/redis/go-redis/v9"
)

// luaClock puts Redis' time into the local now, in milliseconds. Numbers are spelled out for
// commands because Lua would write large ones as 1.7e+12.
const luaClock = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function ms(n) return string.format('%.0f', n) end
`

// readScript returns Redis' time, then entry and books of each id, empty if absent.
//
// KEYS: entries, books. ARGV: ids.
var readScript = redis.NewScript(luaClock + `
local reply = {ms(now)}
for _, id in ipairs(ARGV) do
  reply[#reply+1] = redis.call('HGET', KEYS[1], id) or ''
  reply[#reply+1] = redis.call('HGET', KEYS[2], id) or ''
end
return reply
`)

// writeScript makes several edits, each only if the books still are what its author
// read. It returns 1 for each edit made and 0 for each that came too late.
//
// The books are enough to tell: they change with each tick and, by their revision, with
// each change of the entry.
//
// KEYS: due, entries, books, config. ARGV, six to an edit:
// id; the books as read, empty if there were none; the new entry, empty to keep it; the
// new books, empty to remove the entry; when it is due in milliseconds, empty if never;
// 1 if it comes from the configuration.
var writeScript = redis.NewScript(`
local made = {}
for i = 1, #ARGV, 6 do
  local id, read, entry, books, due, config = ARGV[i], ARGV[i+1], ARGV[i+2], ARGV[i+3], ARGV[i+4], ARGV[i+5]
  if (redis.call('HGET', KEYS[3], id) or '') ~= read then
    made[#made+1] = 0
  else
    made[#made+1] = 1
    if books == '' then
      redis.call('HDEL', KEYS[2], id)
      redis.call('HDEL', KEYS[3], id)
      redis.call('SREM', KEYS[4], id)
    else
      redis.call('HSET', KEYS[3], id, books)
    end
    if entry ~= '' then
      redis.call('HSET', KEYS[2], id, entry)
      redis.call(config == '1' and 'SADD' or 'SREM', KEYS[4], id)
    end
    if due == '' then
      redis.call('ZREM', KEYS[1], id)
    else
      redis.call('ZADD', KEYS[1], due, id)
    end
  end
end
return made
`)

// claimScript pushes the due entries a lease ahead, so that no other engine takes them
// meanwhile, and returns Redis' time, then id, entry and books of each.
//
// KEYS: due, entries, books. ARGV: how many at most, the lease in milliseconds, after how
// many bytes of entries it stops.
var claimScript = redis.NewScript(luaClock + `
local reply, room = {ms(now)}, tonumber(ARGV[3])
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ms(now), 'LIMIT', 0, ARGV[1])
for _, id in ipairs(ids) do
  local entry = redis.call('HGET', KEYS[2], id) or ''
  redis.call('ZADD', KEYS[1], ms(now + ARGV[2]), id)
  reply[#reply+1] = id
  reply[#reply+1] = entry
  reply[#reply+1] = redis.call('HGET', KEYS[3], id) or ''
  room = room - #entry
  if room <= 0 then break end
end
return reply
`)

// headScript returns Redis' time and, if there is one, when the next entry is due, both in
// milliseconds.
//
// KEYS: due.
var headScript = redis.NewScript(luaClock + `
local head = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {ms(now), head[2]}
`)
