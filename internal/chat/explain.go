package chat

import (
	"errors"
	"regexp"
	"strings"

	"switchyard/internal/redact"
)

// errSetUp marks failures before anything was sent.
var errSetUp = errors.New("set up")

var (
	// inRequest is how Go's client begins the error of a request without an answer: it repeats the
	// URL, which holds the chat's token.
	inRequest = regexp.MustCompile(`(Get|Post|Put|Patch|Delete|Head) "[^"]*": `)
	// neverBegun are the words of failures before a request was sent.
	neverBegun = regexp.MustCompile(`dial (tcp|udp)|no such host|x509: |tls: |connection refused|server gave HTTP response to HTTPS client`)
	// status is the code of an answer that refuses.
	status = regexp.MustCompile(`\b[45]\d\d\b`)
)

// explain says what a failure of the library means. Several of its services tell their errors as
// text alone, so the text decides. What is not known to have failed is doubtful.
func explain(name string, err error) error {
	if err == nil {
		return nil
	}
	text := redact.Process.Text(err.Error())
	unanswered := inRequest.MatchString(text)
	text = inRequest.ReplaceAllString(text, "")
	certain := errors.Is(err, errSetUp) || neverBegun.MatchString(text) || !unanswered && status.MatchString(text) && !strings.Contains(text, "timed out")
	return &Error{Chat: name, Doubtful: !certain, text: redact.URLs(text)}
}
