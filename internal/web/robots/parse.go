package robots

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

const (
	// MaxFile is how much of a robots.txt is read, in bytes: RFC 9309 asks for 500 KiB at least.
	MaxFile = 512 << 10
	// MaxDelay bounds the delay that a site may ask for between two requests.
	MaxDelay = 30 * time.Second
	// maxLine is how much of a line is read, in bytes: a few times the longest URL.
	maxLine = 32 << 10
)

// parser goes through the lines of a robots.txt. Its groups of rules begin with the crawlers they
// are for; all that are for one crawler count together, and those for everybody only if none is.
type parser struct {
	token           string
	specific        Rules // for our token
	general         Rules // for everybody
	named           bool  // our token is, somewhere
	ours, everybody bool  // whom the group is for
	ruled           bool  // the group has a rule: the next crawler begins another one
}

// Parse returns what a robots.txt says to the crawler of a token. It reads the first [MaxFile]
// bytes. What is no rule is left out.
func Parse(file []byte, token string) Rules {
	file = bytes.TrimPrefix(file[:min(len(file), MaxFile)], []byte("\xef\xbb\xbf"))
	p := parser{token: token}
	for line := range strings.FieldsFuncSeq(string(file), func(r rune) bool { return r == '\n' || r == '\r' }) {
		p.line(line[:min(len(line), maxLine)])
	}
	if p.named {
		return p.specific
	}
	return p.general
}

func (p *parser) line(line string) {
	line, _, _ = strings.Cut(line, "#")
	name, value, found := strings.Cut(line, ":")
	if !found { // a common mistake: white space in the place of the colon
		words := strings.Fields(line)
		if len(words) != 2 {
			return
		}
		name, value = words[0], words[1]
	}
	value = strings.TrimSpace(value)
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "user-agent", "useragent", "user agent":
		p.crawler(value)
	case "allow":
		p.rule(true, value)
	case "disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw":
		p.rule(false, value)
	case "crawl-delay":
		p.delay(value)
	}
}

func (p *parser) crawler(value string) {
	if p.ruled {
		p.ours, p.everybody, p.ruled = false, false, false
	}
	switch {
	case value == "*" || strings.HasPrefix(value, "* ") || strings.HasPrefix(value, "*\t"):
		p.everybody = true
	case strings.EqualFold(Token(value), p.token) && p.token != "":
		p.ours, p.named = true, true
	}
}

// groups calls f with the rules that the group adds to.
func (p *parser) groups(f func(*Rules)) {
	if p.ours {
		f(&p.specific)
	}
	if p.everybody {
		f(&p.general)
	}
}

func (p *parser) rule(allow bool, path string) {
	p.ruled = true
	if path == "" {
		return
	}
	path = escape(path)
	p.groups(func(r *Rules) {
		r.Rules = append(r.Rules, Rule{allow, path})
		// The page of a directory is the directory.
		if at := strings.LastIndexByte(path, '/'); allow && at >= 0 && strings.HasPrefix(path[at:], "/index.htm") {
			r.Rules = append(r.Rules, Rule{true, path[:at+1] + "$"})
		}
	})
}

func (p *parser) delay(value string) {
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || !(seconds > 0) {
		return
	}
	delay := time.Duration(min(seconds, MaxDelay.Seconds()) * float64(time.Second))
	p.groups(func(r *Rules) { r.Delay = max(r.Delay, delay) })
}
