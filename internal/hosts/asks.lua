-- Spaces the next turn at a host from now, as a task that has one asks for its page only now. host.lua
-- stands before this.
--
-- ask: id, spacing, most, jitter as in enter.lua; delay as in leave.lua
--
-- Returns 0.

if ask.delay >= 0 then
	delay = ask.delay
end
opens = math.max(opens, now + least())
write("opens", whole(opens), "delay", whole(delay))
return {0}
