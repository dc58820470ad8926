-- What a script knows of the user of a task; it stands before it.

-- varint reads a number of a protobuf message and returns it and the place behind it.
local function varint(msg, at)
	local value, unit, byte = 0, 1
	repeat
		byte = string.byte(msg, at)
		value, unit, at = value + byte % 128 * unit, unit * 128, at + 1
	until byte < 128
	return value, at
end

-- payloadOf returns the payload of asynq's TaskMessage, its field 2, and raises an error
-- for a message that is none.
local function payloadOf(msg)
	local at, tag, value = 1
	while at <= #msg do
		tag, at = varint(msg, at)
		value, at = varint(msg, at)
		if tag == 18 then
			return string.sub(msg, at, at + value - 1)
		elseif tag % 8 == 2 then
			at = at + value
		end
	end
	return "{}"
end

-- userOf returns the user a message's payload acts for as they stand in keys, "" if there is
-- none; UserKey of internal/tasks does the same. Those that cannot be users have no say.
local function userOf(msg)
	local ok, payload = pcall(function() return cjson.decode(payloadOf(msg)) end)
	local user = ok and type(payload) == "table" and payload.user
	if type(user) ~= "string" or user == "" or user == "*" or #user > 800 or string.find(user, "%c") then
		return ""
	end
	local odd = "[^%w_.@+-]"
	if user == "." or user == ".." then
		odd = "%."
	end
	return (string.gsub(user, odd, function(byte)
		return string.format("%%%02X", string.byte(byte))
	end))
end
