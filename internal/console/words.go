package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// functions are what the templates write values with. now is that of the page.
func functions(now func() time.Time) template.FuncMap {
	return template.FuncMap{
		"ago":       func(t time.Time) string { return ago(now(), t) },
		"moment":    func(t time.Time) string { return t.Format("2006-01-02 15:04:05 MST") },
		"stamp":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock":     func(t time.Time) string { return t.UTC().Format("15:04") },
		"words":     func(v any) string { return strings.ReplaceAll(fmt.Sprint(v), "_", " ") },
		"segment":   url.PathEscape,
		"count":     count,
		"span":      span,
		"between":   func(from, to time.Time) string { return span(to.Sub(from).Seconds()) },
		"pretty":    pretty,
		"short":     short,
		"money":     func(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) },
		"taskPage":  taskPage,
		"namedPage": func(name string) string { queue, id, _ := strings.Cut(name, "/"); return taskPage(queue, id) },
		"mark":      mark,
		"list":      func(items ...string) []string { return items },
		"dict":      dict,
	}
}

// dict makes a map of names and values, for a template that needs more than one.
func dict(pairs ...any) (map[string]any, error) {
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// ago says how far a time is from now: "3 min ago", "in 2 h".
func ago(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case d.Abs() < time.Second:
		return "now"
	case d < 0:
		return "in " + span(-d.Seconds())
	}
	return span(d.Seconds()) + " ago"
}

// span writes a length of time in its largest unit, in seconds below a minute.
func span(seconds float64) string {
	switch s := math.Abs(seconds); {
	case s == 0:
		return "0 s"
	case s < 0.0995:
		return strconv.FormatFloat(s*1000, 'f', 0, 64) + " ms"
	case s < 9.95:
		return strconv.FormatFloat(s, 'f', 1, 64) + " s"
	case s < 99.5:
		return strconv.FormatFloat(s, 'f', 0, 64) + " s"
	case s < 99.5*60:
		return strconv.FormatFloat(s/60, 'f', 0, 64) + " min"
	case s < 47.5*3600:
		return strconv.FormatFloat(s/3600, 'f', 0, 64) + " h"
	default:
		return strconv.FormatFloat(s/86400, 'f', 0, 64) + " d"
	}
}

// count writes a number with a narrow space between thousands.
func count(v any) string {
	text := fmt.Sprint(v)
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	var groups []string
	for len(whole) > 3 {
		groups = append([]string{whole[len(whole)-3:]}, groups...)
		whole = whole[:len(whole)-3]
	}
	out := sign + strings.Join(append([]string{whole}, groups...), "\u202f")
	if fraction != "" {
		out += "." + fraction
	}
	return out
}

// maxPretty bounds the JSON that a page shows, in bytes.
const maxPretty = 64 << 10

// pretty writes JSON with a line for each value. What is long is cut off, and says so.
func pretty(raw json.RawMessage) string {
	var out bytes.Buffer
	if json.Indent(&out, raw, "", "  ") != nil {
		out.Reset()
		out.Write(raw)
	}
	if out.Len() > maxPretty {
		left := out.Len() - maxPretty
		out.Truncate(maxPretty)
		return strings.ToValidUTF8(out.String(), "") + fmt.Sprintf("\n… %s more bytes", count(left))
	}
	return out.String()
}

// maxShort bounds a text in a table, in characters.
const maxShort = 100

// short returns the first line of a text, cut off where it is long.
func short(text string) string {
	line, rest, more := strings.Cut(strings.TrimSpace(text), "\n")
	runes := []rune(line)
	if len(runes) > maxShort {
		return string(runes[:maxShort]) + "…"
	}
	if more && strings.TrimSpace(rest) != "" {
		return line + " …"
	}
	return line
}

// taskPage returns the address of a task's page. A name is queue/ID.
func taskPage(queue, id string) string {
	return "/tasks/" + url.PathEscape(queue) + "/" + url.PathEscape(id)
}

// marks are the kinds of states: what a badge looks like beside its word.
var marks = map[string]string{
	"running": "busy", "resuming": "busy", "pausing": "busy", "begun": "busy",
	"succeeded": "good", "done": "good", "ok": "good", "ready": "good", "active": "good", "sent": "good", "delivered": "good", "approved": "good",
	"failed": "bad", "dead": "bad", "broken": "bad", "error": "bad", "lost": "bad", "unreadable": "bad", "not ready": "bad", "undone": "bad", "overdue": "bad", "revoked": "bad", "rejected": "bad", "gone": "bad",
	"retrying": "warn", "retried": "warn", "parked": "warn", "paused": "warn", "partial": "warn", "late": "warn", "no worker": "warn", "doubtful": "warn", "draining": "warn", "asked": "warn", "held": "warn",
}

// mark returns what a state's badge looks like: busy, good, bad, warn or idle.
func mark(state any) string {
	if m := marks[fmt.Sprint(state)]; m != "" {
		return m
	}
	return "idle"
}
