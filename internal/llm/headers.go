package llm

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// madeHere are the headers of a request that a definition cannot set.
var madeHere = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "Connection": true, "Content-Length": true, "Content-Type": true, "Host": true,
	"Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
}

// secretive are parts of the names of headers whose values are secrets.
var secretive = []string{"auth", "cookie", "key", "password", "secret", "token"}

// checkHeaders reports what is wrong with the headers of a definition.
func (d Definition) checkHeaders() error {
	seen := make(map[string]string)
	check := func(field, name string) error {
		canonical := http.CanonicalHeaderKey(name)
		switch other := seen[canonical]; {
		case !httpguts.ValidHeaderFieldName(name):
			return fmt.Errorf("%s: %q is no name of a header", field, name)
		case madeHere[canonical]:
			return fmt.Errorf("%s.%s: it is the request's own: leave it out", field, name)
		case other != "":
			return fmt.Errorf("%s.%s: %s gives the same header: leave one out", field, name, other)
		case canonical == d.keyHeader() && d.hasKey():
			return fmt.Errorf("%s.%s: key_env or key_file sets it: leave one out", field, name)
		}
		seen[canonical] = field + "." + name
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(d.Headers)) {
		if err := check("headers", name); err != nil {
			return err
		}
		lower := strings.ToLower(name)
		if slices.ContainsFunc(secretive, func(part string) bool { return strings.Contains(lower, part) }) {
			return fmt.Errorf("headers.%s: its value looks like a secret: put it into a variable, and name that under headers_env", name)
		}
		if !httpguts.ValidHeaderFieldValue(d.Headers[name]) {
			return fmt.Errorf("headers.%s: %q cannot be sent: leave control characters out", name, d.Headers[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.HeadersEnv)) {
		if err := check("headers_env", name); err != nil {
			return err
		}
		if d.HeadersEnv[name] == "" {
			return fmt.Errorf("headers_env.%s is empty: name the worker's variable with the value", name)
		}
	}
	return nil
}

func (d Definition) hasKey() bool { return d.KeyEnv != "" || d.KeyFile != "" }

// keyHeader is the header that a key is sent in.
func (d Definition) keyHeader() string {
	if d.API == Messages {
		return "X-Api-Key"
	}
	return "Authorization"
}

// sign gives a request the key and the headers of the definition. The values of variables are
// read with each request. The error does not say them.
func (w wire) sign(header http.Header) error {
	key, err := w.key()
	if err != nil {
		return err
	}
	switch {
	case key == "":
	case !httpguts.ValidHeaderFieldValue(key):
		return &Error{Class: Unauthorized, Err: fmt.Errorf("the key of %s has a control character, and cannot be sent", w.Model)}
	case w.API == Messages:
		header.Set(w.keyHeader(), key)
	default:
		header.Set(w.keyHeader(), "Bearer "+key)
	}
	for name, value := range w.Headers {
		header.Set(name, value)
	}
	for name, variable := range w.HeadersEnv {
		value := strings.TrimSpace(os.Getenv(variable))
		if value == "" || !httpguts.ValidHeaderFieldValue(value) {
			return &Error{Class: Unauthorized, Err: fmt.Errorf("headers_env.%s: the variable %s is empty or has a control character: set it to the header's value", name, variable)}
		}
		header.Set(name, value)
	}
	return nil
}

// secrets returns the values that nobody is to be told.
func (w wire) secrets() []string {
	key, _ := w.key() // without one there is nothing to hide
	secrets := []string{key}
	for _, variable := range w.HeadersEnv {
		secrets = append(secrets, strings.TrimSpace(os.Getenv(variable)))
	}
	return secrets
}
