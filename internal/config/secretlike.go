package config

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"switchyard/internal/redact"
)

// isSecret reports whether a value of this name is a secret. The place of one is none: systemd
// calls the directory of credentials CREDENTIALS_DIRECTORY, and a shell its own PWD.
func isSecret(name, value string) bool {
	if !redact.IsSecretName(name) || publicVariable.MatchString(name) {
		return false
	}
	if !filepath.IsAbs(value) {
		return true
	}
	_, err := os.Stat(value)
	return err != nil
}

// minRandom is the length of the shortest value that is taken for a random one.
const minRandom = 20

// isRandom reports whether a value looks as if it had been drawn: long, without a space, with
// letters and digits next to each other, and neither a path nor a host.
func isRandom(value string) bool {
	if len(value) < minRandom || strings.ContainsAny(value, " \t\n:{}()[]<>,;*") || strings.Count(value, "/") > 1 || strings.Count(value, ".") > 2 {
		return false
	}
	changes := 0
	var before rune
	for _, r := range value {
		if unicode.IsLetter(before) && unicode.IsDigit(r) || unicode.IsDigit(before) && unicode.IsLetter(r) {
			changes++
		}
		before = r
	}
	return changes >= 4
}

// publicVariable are the names of variables that say how a machine is set up.
var publicVariable = regexp.MustCompile(`^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|(OLD)?PWD|TMPDIR|HOSTNAME|DISPLAY|EDITOR|XDG_[A-Z_]+|PYTHON[A-Z]+|NODE_[A-Z]+|VIRTUAL_ENV)$`)

// publicHeader are the names of headers that say in what form one speaks.
var publicHeader = regexp.MustCompile(`(?i)^(accept(-.*)?|content-.*|user-agent)$`)

// word is a value in small letters, as of an environment's name or a level.
var word = regexp.MustCompile(`^[a-z]+$`)

// isPublic reports whether a listed variable that has no secret's name is no secret: how the
// machine is set up, a number, a switch, a word, paths, or a URL, whose parts are looked at.
func isPublic(name, value string) bool {
	if publicVariable.MatchString(name) || word.MatchString(value) || strings.Contains(value, "://") {
		return true
	}
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return true
	}
	for part := range strings.SplitSeq(value, string(filepath.ListSeparator)) {
		if !filepath.IsAbs(part) {
			return false
		}
	}
	return true
}

// lastWord returns what follows the scheme of a header such as Authorization, "" if nothing
// does.
func lastWord(value string) string {
	_, last, _ := strings.Cut(value, " ")
	return strings.TrimSpace(last)
}

// inText are the URLs in a text, queryValue the values of their queries, also where they cannot
// be parsed.
var (
	inText     = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"']+`)
	queryValue = regexp.MustCompile(`[?&;]([^=&;#\s"']+)=([^&;#\s"']+)`)
)

// urls looks at the URLs in a text: at their passwords, or their users' names where these stand
// alone, and at the values of their queries, all of them or those with a secret's name.
func (c collector) urls(text string, all bool) {
	if !strings.Contains(text, "://") {
		return
	}
	for _, found := range inText.FindAllString(text, -1) {
		if all {
			c.secrets.KnowHost(found)
		}
		info, _ := redact.Split(found)
		user, password, given := strings.Cut(info, ":")
		if !given {
			password = user
		}
		c.escaped(password)
	}
	for _, found := range queryValue.FindAllStringSubmatch(text, -1) {
		if redact.IsSecretName(found[1]) || isRandom(found[2]) || all && !isPlain(found[2]) {
			c.escaped(found[2])
		}
	}
}

// escaped knows a part of a URL, as it is written and as it is meant.
func (c collector) escaped(part string) {
	c.secrets.Know(part)
	if meant, err := url.QueryUnescape(part); err == nil {
		c.secrets.Know(meant)
	}
	if meant, err := url.PathUnescape(part); err == nil {
		c.secrets.Know(meant)
	}
}

// isPlain reports whether a value of a query is a number, a date or a word.
func isPlain(value string) bool {
	return word.MatchString(value) || !strings.ContainsFunc(value, unicode.IsLetter)
}
