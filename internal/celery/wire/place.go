package wire

import "maps"

// Place returns the arguments of a task, by their names, where they belong in the payload of a kind: the
// one called user becomes its user, the one called input its input, or all others if input is *. "" names
// no argument. It uses all up.
func Place[V any](all map[string]V, user, input string) map[string]any {
	payload := map[string]any{}
	move := func(from, to string) {
		if value, given := all[from]; given && from != "" {
			payload[to] = value
			delete(all, from)
		}
	}
	move(user, "user")
	if input == "*" {
		payload["input"] = maps.Clone(all)
		return payload
	}
	move(input, "input")
	for name, value := range all {
		payload[name] = value
	}
	return payload
}
