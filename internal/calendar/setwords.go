package calendar

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// maxItems bounds the items of a list that a sentence has.
const maxItems = 12

// values is a set of the values of a field, to be said in words.
type values struct {
	set           uint64
	lowest, count int
	say           func(int) string
	cyclic        bool // the lowest follows the highest
}

func (v values) all() bool { return bits.OnesCount64(v.set) == v.count }

// run is values that follow each other.
type run struct{ first, last int }

// runs returns the set as runs, in order. In a cycle one may go across the end, and then is the last.
func (v values) runs() []run {
	var all []run
	for n, ok := firstFrom(v.set, v.lowest); ok; n, ok = firstFrom(v.set, n+1) {
		if last := len(all) - 1; last >= 0 && all[last].last == n-1 {
			all[last].last = n
		} else {
			all = append(all, run{n, n})
		}
	}
	if v.cyclic && len(all) > 1 && all[0].first == v.lowest && all[len(all)-1].last == v.lowest+v.count-1 {
		all[len(all)-1].last = all[0].last
		all = all[1:]
	}
	return all
}

// list says the values, those that follow each other as a range. It is not ok if there are too many.
func (v values) list() (words string, ok bool) {
	var items []string
	for _, r := range v.runs() {
		length := r.last - r.first + 1
		if length < 1 {
			length += v.count
		}
		switch length {
		case 1:
			items = append(items, v.say(r.first))
		case 2:
			items = append(items, v.say(r.first), v.say(r.last))
		default:
			items = append(items, v.say(r.first)+" to "+v.say(r.last))
		}
	}
	return listWords(items), len(items) > 0 && len(items) <= maxItems
}

// step returns the distance of values that are as far from each other, at least four of them, 0 if they are not.
func (v values) step() (first, step, last int) {
	n := bits.OnesCount64(v.set)
	first, last = bits.TrailingZeros64(v.set), 63-bits.LeadingZeros64(v.set)
	if n < 4 || (last-first)%(n-1) != 0 {
		return first, 0, last
	}
	step = (last - first) / (n - 1)
	for value := first; value <= last; value += step {
		if v.set>>value&1 == 0 {
			return first, 0, last
		}
	}
	return first, step, last
}

// pace returns the distance of values that go on evenly from the first of a cycle to its end and over it,
// 0 if they do not.
func (v values) pace() int {
	n := bits.OnesCount64(v.set)
	if n < 2 || v.count%n != 0 {
		return 0
	}
	pace := v.count / n
	for value := v.lowest; value < v.lowest+v.count; value += pace {
		if v.set>>value&1 == 0 {
			return 0
		}
	}
	return pace
}

// named says the values behind their name: minute 5, minutes 5 and 10, every 2nd minute from 1 to 59.
func (v values) named(name string) (words string, ok bool) {
	if words, ok = v.list(); ok {
		if bits.OnesCount64(v.set) > 1 {
			name += "s"
		}
		return name + " " + words, true
	}
	first, step, last := v.step()
	return fmt.Sprintf("every %s %s from %s to %s", inFigures(step), name, v.say(first), v.say(last)), step > 1
}

// ordinal says a place in an order.
func ordinal(n int) string {
	if words := [...]string{1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}; 0 < n && n < len(words) {
		return words[n]
	}
	return inFigures(n)
}

// inFigures is ordinal in figures.
func inFigures(n int) string {
	suffix := "th"
	if n/10%10 != 1 {
		suffix = [...]string{"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"}[n%10]
	}
	return fmt.Sprint(n, suffix)
}

func number(n int) string { return fmt.Sprint(n) }

// weekdayValues are weekdays from Monday on. The bit 7 is Sunday.
func weekdayValues(set uint64) values {
	set = set&^1 | set&1<<7
	return values{set, 1, 7, func(n int) string { return time.Weekday(n % 7).String() }, true}
}

func monthValues(set uint64) values {
	return values{set, 1, 12, func(n int) string { return time.Month(n).String() }, true}
}

// weekdayList says weekdays one by one, each behind a word.
func weekdayList(set uint64, before string) (items []string) {
	for _, n := range []int{1, 2, 3, 4, 5, 6, 0} {
		if set>>n&1 == 1 {
			items = append(items, strings.TrimSpace(before+" "+time.Weekday(n).String()))
		}
	}
	return items
}
