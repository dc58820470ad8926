-- Makes several edits, each only if the books still are what its author read. The books
-- are enough to tell: they change with each tick and, by their revision, with each change
-- of the entry.
--
-- KEYS: due, entries, books, config, owners
-- ARGV, eight to an edit: id; the books as read, empty if there were none; the new entry,
--       empty to keep it; the new books, empty to remove the entry; when it is due in
--       milliseconds, empty if never; 1 if it comes from the configuration; the member of
--       owners that goes and the one that comes, each empty if there is none
--
-- Returns 1 for each edit made and 0 for each that came too late.

local due, entries, books, config, owners = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

local ids = {}
for i = 1, #ARGV, 8 do
	ids[#ids + 1] = ARGV[i]
end
local there = redis.call("HMGET", books, unpack(ids))

-- What is the same for many edits is written at once.
local newBooks, newDue, newEntries, newOwners = {}, {}, {}, {}
local made = {}

local function remove(id)
	redis.call("HDEL", entries, id)
	redis.call("HDEL", books, id)
	redis.call("SREM", config, id)
end

for n, id in ipairs(ids) do
	local i = 8 * n - 7
	local read, entry, book, at, configured = ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]
	local disowned, owned = ARGV[i + 6], ARGV[i + 7]
	made[n] = 0
	if (there[n] or "") == read then
		made[n] = 1
		if book == "" then
			remove(id)
		else
			newBooks[#newBooks + 1] = id
			newBooks[#newBooks + 1] = book
		end
		if entry ~= "" then
			newEntries[#newEntries + 1] = id
			newEntries[#newEntries + 1] = entry
			redis.call(configured == "1" and "SADD" or "SREM", config, id)
		end
		if disowned ~= "" then
			redis.call("ZREM", owners, disowned)
		end
		if owned ~= "" then
			newOwners[#newOwners + 1] = 0
			newOwners[#newOwners + 1] = owned
		end
		if at == "" then
			redis.call("ZREM", due, id)
		else
			newDue[#newDue + 1] = at
			newDue[#newDue + 1] = id
		end
	end
end

if #newEntries > 0 then
	redis.call("HSET", entries, unpack(newEntries))
end
if #newBooks > 0 then
	redis.call("HSET", books, unpack(newBooks))
end
if #newOwners > 0 then
	redis.call("ZADD", owners, unpack(newOwners))
end
if #newDue > 0 then
	redis.call("ZADD", due, unpack(newDue))
end
return made
