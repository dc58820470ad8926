package redbeat

import (
	"strconv"
	"strings"
)

// text returns values, in order and each once, as a cron spec spells them.
func (f cronField) text(values []int) string {
	if len(values) == f.high-f.low+1 {
		return "*"
	}
	if step := f.step(values); step > 0 {
		return "*/" + strconv.Itoa(step)
	}
	var parts []string
	for i := 0; i < len(values); {
		end := i + 1
		for end < len(values) && values[end] == values[end-1]+1 {
			end++
		}
		if end-i > 2 {
			parts = append(parts, f.spell(values[i])+"-"+f.spell(values[end-1]))
		} else {
			for _, n := range values[i:end] {
				parts = append(parts, f.spell(n))
			}
		}
		i = end
	}
	return strings.Join(parts, ",")
}

func (f cronField) spell(n int) string {
	if f.names != nil {
		return f.names[n-f.low]
	}
	return strconv.Itoa(n)
}

// step returns the step in which values go through the whole field, 0 if they do not.
func (f cronField) step(values []int) int {
	if !f.steps || len(values) < 3 || values[0] != f.low {
		return 0
	}
	step := values[1] - values[0]
	for i := range values {
		if values[i] != f.low+i*step {
			return 0
		}
	}
	if values[len(values)-1]+step <= f.high {
		return 0
	}
	return step
}
