-- Says which of some tasks of a queue may be meant by a filter, without reading them whole. It writes
-- nothing. What it cannot tell may be meant.
--
-- KEYS: what the keys of tasks begin with, retry
-- ARGV: {states: set of our words for states, kind, prefix: whether kind is only how a kind begins,
--       user: as in keys, tag, from and to: Unix time in µs, error: a text in lower case without
--       anything but ASCII; what is left out is no matter; late: Unix time in s after which no retry is
--       due, bytes: of how many bytes of messages the step ends}, then IDs
--
-- Returns how many of the tasks it has looked at, then the places of those that may be meant, from 0.

local ask = cjson.decode(ARGV[1])
local words = {pending = "waiting", active = "running", scheduled = "scheduled", aggregating = "held", completed = "succeeded"}
local bytes = 0

-- isParked says whether a task of retry is parked. Earlier versions noted that in its time alone.
local function isParked(parked, id)
	local due = parked ~= "1" and redis.pcall("ZSCORE", KEYS[2], id)
	return parked == "1" or type(due) == "string" and tonumber(due) > ask.late
end

local function stateOf(word, parked, ending, id)
	if word == "retry" then
		return isParked(parked, id) and "parked" or "retrying"
	elseif word == "archived" then
		return (ending == "cancelled" or ending == "expired") and ending or "failed"
	end
	return words[word]
end

-- isOther says that a task has other labels than those asked for, or was added at another time.
local function isOther(index)
	local at, kind, user, tags = string.match(index, "^(%d+)\n([^\n]+)\n([^\n]*)\n([^\n]*)$")
	if not at then
		return false
	end
	if ask.kind and (ask.prefix and string.sub(kind, 1, #ask.kind) or kind) ~= ask.kind then
		return true
	end
	return ask.user and user ~= ask.user or ask.tag and not string.find("," .. tags .. ",", "," .. ask.tag .. ",", 1, true)
		or ask.from and tonumber(at) < ask.from or ask.to and tonumber(at) > ask.to
end

-- lacks says that a message has not the text. Two letters that are no ASCII become ASCII in lower case.
local function lacks(message)
	return not string.find(string.lower(message), ask.error, 1, true)
		and not string.find(message, "\226\132\170", 1, true) and not string.find(message, "\196\176", 1, true)
end

-- isState says that a task is in one of the states asked for, or in none that there is.
local function isState(word, parked, ending, id)
	local state = stateOf(word, parked, ending, id)
	return not state or ask.states[state]
end

-- What is not asked for is not read: most of the time goes into reading.
local names, place = {}, {state = 0, parked = 0, ending = 0, index = 0, msg = 0} -- a reply has no place 0
local function want(...)
	for _, name in ipairs({...}) do
		names[#names + 1] = name
		place[name] = #names
	end
end
if ask.states then
	want("state", "parked", "ending")
end
if ask.kind or ask.user or ask.tag or ask.from or ask.to then
	want("index")
end
if ask.error then
	want("msg")
end

local reply = {#ARGV - 1}
for n = 2, #ARGV do
	local fields = redis.pcall("HMGET", KEYS[1] .. ARGV[n], unpack(names))
	local other = false
	if not fields.err then
		local state, index, message = fields[place.state], fields[place.index], fields[place.msg]
		other = state and not isState(state, fields[place.parked], fields[place.ending], ARGV[n])
			or index and isOther(index) or message and lacks(message)
		bytes = bytes + (message and #message or 0)
	end
	if not other then
		reply[#reply + 1] = n - 2
	end
	if bytes > ask.bytes then
		reply[1] = n - 1
		break
	end
end
return reply
