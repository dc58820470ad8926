package wire

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// tape makes choices out of the bytes that the fuzzer found: all 0 once they have run out.
type tape struct {
	bytes []byte
	id    int
}

func (c *tape) below(n int) int {
	if len(c.bytes) == 0 {
		return 0
	}
	b := int(c.bytes[0])
	c.bytes = c.bytes[1:]
	return b % n
}

// signature writes any canvas, mostly a sound one.
func (c *tape) signature(depth int) string {
	kind := c.below(12)
	if depth > 5 {
		kind = 0
	}
	immutable := fmt.Sprintf(`"immutable": %v, "args": [%s], "options": %s`, c.below(4) == 1, strings.Repeat("NaN", c.below(2)), c.options(depth))
	switch kind {
	case 1, 2:
		return `{"task": "celery.group", "subtask_type": "group", ` + immutable + `, "kwargs": {"tasks": ` + c.list(depth) + `}}`
	case 3, 4:
		return `{"task": "celery.chain", "subtask_type": "chain", ` + immutable + `, "kwargs": {"tasks": ` + c.list(depth) + `}}`
	case 5, 6:
		return `{"task": "celery.chord", ` + immutable + `, "kwargs": {"kwargs": {}, "header": ` + c.list(depth) + `, "body": ` + c.signature(depth+1) + `}}`
	case 7:
		return `{"task": "celery.chord", ` + immutable + `, "kwargs": {"header": ` + c.signature(depth+1) + `, "body": ` + c.signature(depth+1) + `}}`
	case 8:
		return []string{"null", "5", "{}", `{"task": "celery.chord"}`}[c.below(4)]
	}
	return `{"task": "t", ` + immutable + `}`
}

func (c *tape) list(depth int) string {
	items := make([]string, c.below(4))
	for i := range items {
		items[i] = c.signature(depth + 1)
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func (c *tape) options(depth int) string {
	all := []string{}
	for range c.below(3) {
		c.id++
		all = append(all, []string{
			fmt.Sprintf(`"task_id": "%d"`, c.id), fmt.Sprintf(`"group_id": "g%d"`, c.below(3)), fmt.Sprintf(`"group_index": %d`, c.id),
			`"queue": "q"`, `"countdown": 5`, `"eta": "2030-01-02T03:04:05"`, `"headers": {"x": 1, "id": 2}`, `"priority": 9`, `"expires": 5.5`,
			`"chord": ` + c.signature(6), `"link": ` + c.list(depth+3), `"link_error": ` + c.signature(depth+3), `"chain": ` + c.list(depth+3), `"queue": {}`,
		}[c.below(14)])
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// FuzzCanvas ends a task with any canvas: there is a plan, the same one each time, and a
// worker can read each message of it.
func FuzzCanvas(f *testing.F) {
	f.Add([]byte{}, "[1]")
	f.Add([]byte{1, 1, 0, 1, 3, 1, 0, 0, 2, 5, 0, 0, 1, 1, 0}, "NaN")
	f.Add([]byte{3, 5, 0, 1, 2, 0, 2, 0, 1, 0, 2, 1, 2, 3, 4, 3, 1, 7, 1, 1, 2, 0, 9, 2, 1, 4, 11, 5, 1, 1, 2, 3}, "{}")
	f.Fuzz(func(t *testing.T, choices []byte, result string) {
		c := &tape{bytes: choices}
		raw := fmt.Sprintf(`{"id": "i", "root": "r", "group": "g", "callbacks": %s, "chain": %s, "errbacks": %s, "chord": %s}`, c.list(0), c.list(0), c.list(0), c.signature(0))
		var steps Steps
		if steps.UnmarshalText([]byte(raw)) != nil || strings.TrimSpace(result) != result {
			return
		}
		if valid([]byte(result)) != nil {
			result = "null"
		}
		for _, outcome := range []Outcome{succeeded(result), failed(result), {State: Revoked, Result: []byte(result), At: noon}} {
			plan, err := End(steps, outcome)
			again, _ := End(kept(t, steps), outcome)
			if !reflect.DeepEqual(plan, again) {
				t.Fatalf("planned %+v\nagain %+v", plan, again)
			}
			if err == nil && !reflect.DeepEqual(plan.Outcome, outcome) {
				t.Fatalf("the outcome became %+v", plan.Outcome)
			}
			for _, part := range plan.Parts {
				body, _ := Body(part, []Part{part}, nil, noon)
				plan.Sends = append(plan.Sends, body.Sends...)
			}
			for _, s := range plan.Sends {
				unchanged(t, s.Message)
			}
		}
	})
}
