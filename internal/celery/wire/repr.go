package wire

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
)

// maxRepr is how long Celery lets a repr become before it writes "..." instead.
const maxRepr = 1024

// reprArgs writes arguments as Python's repr of a tuple, shortened.
func reprArgs(args []json.RawMessage) string {
	var to repr
	to.values("(", args, ")", len(args) == 1)
	return to.String()
}

// reprKwargs writes an object as Python's repr of a dict, shortened.
func reprKwargs(kwargs json.RawMessage) string { return reprValue(kwargs) }

// reprValue writes a JSON value as Python's repr of it, shortened.
func reprValue(raw json.RawMessage) string {
	var to repr
	to.value(raw)
	return to.String()
}

// repr writes Python's repr. It stops where enough is written, so that a large value costs
// no more than a small one.
type repr struct{ strings.Builder }

func (r *repr) full() bool { return r.Len() > maxRepr }

func (r *repr) String() string {
	if text := r.Builder.String(); len(text) > maxRepr {
		return strings.ToValidUTF8(text[:maxRepr], "") + "..."
	}
	return r.Builder.String()
}

func (r *repr) value(raw json.RawMessage) {
	if r.full() || len(raw) == 0 {
		return
	}
	switch raw[0] {
	case '{':
		object, _ := members(raw)
		r.WriteByte('{')
		for i, m := range object {
			if r.full() {
				return
			}
			r.comma(i)
			r.text(m.Name)
			r.WriteString(": ")
			r.value(m.Value)
		}
		r.WriteByte('}')
	case '[':
		values, _ := elements(raw)
		r.values("[", values, "]", false)
	case '"':
		var text string
		_ = json.Unmarshal(raw, &text) // shown only: half of a surrogate pair may become U+FFFD
		r.text(text)
	default:
		r.word(string(raw))
	}
}

func (r *repr) comma(i int) {
	if i > 0 {
		r.WriteString(", ")
	}
}

func (r *repr) values(begin string, values []json.RawMessage, end string, single bool) {
	r.WriteString(begin)
	for i, value := range values {
		if r.full() {
			return
		}
		r.comma(i)
		r.value(value)
	}
	if single {
		r.WriteByte(',')
	}
	r.WriteString(end)
}

func (r *repr) word(word string) {
	names := map[string]string{"null": "None", "true": "True", "false": "False", "NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}
	if name, ok := names[word]; ok {
		word = name
	}
	r.WriteString(word)
}

// text writes in single quotes, unless only double ones need no escapes.
func (r *repr) text(text string) {
	mark := byte('\'')
	if strings.Contains(text, "'") && !strings.Contains(text, `"`) {
		mark = '"'
	}
	r.WriteByte(mark)
	for _, c := range text {
		if r.full() {
			return
		}
		r.letter(c, rune(mark))
	}
	r.WriteByte(mark)
}

func (r *repr) letter(c, mark rune) {
	switch {
	case c == mark || c == '\\':
		r.WriteByte('\\')
		r.WriteRune(c)
	case c == '\n':
		r.WriteString(`\n`)
	case c == '\r':
		r.WriteString(`\r`)
	case c == '\t':
		r.WriteString(`\t`)
	case c == ' ' || unicode.IsPrint(c):
		r.WriteRune(c)
	case c < 0x100:
		r.WriteString(`\x` + hex(c, 2))
	case c < 0x10000:
		r.WriteString(`\u` + hex(c, 4))
	default:
		r.WriteString(`\U` + hex(c, 8))
	}
}

func hex(c rune, width int) string {
	digits := strconv.FormatInt(int64(c), 16)
	return strings.Repeat("0", max(0, width-len(digits))) + digits
}
