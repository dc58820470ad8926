package redact

import (
	"io"
	"regexp"
	"strings"
)

// secretName is in the names of what holds secrets.
var secretName = regexp.MustCompile(`(?i)(^|[^a-z])(api_?|access_?|private_?|secret_?)?keys?([^a-z]|$)|apikey|token|secret|passw|passphrase|credential|authorization|cookie|signature|(^|[^a-z])(auth|pass|pwd|sig|dsn|headers)([^a-z]|$)`)

// IsSecretName reports whether a setting, a variable or a parameter of this name holds a secret.
func IsSecretName(name string) bool { return secretName.MatchString(name) }

// Said returns a text that was written here, such as an error, without the secrets, and without
// what its URLs have where secrets stand: these may be of a task or a page, and known to nobody.
func (s *Set) Said(text string) string {
	if strings.Contains(text, "://") {
		text = inText.ReplaceAllStringFunc(text, s.said)
	}
	return s.Text(text)
}

func (s *Set) said(url string) string {
	s.mu.RLock()
	ours := s.hosts[hostOf(url)]
	s.mu.RUnlock()
	return shown(url, func(name string) bool { return ours || IsSecretName(name) })
}

// KnowHost has [Set.Said] leave out all values of queries to the host of a URL, such as that of a
// service: they may be too short, or too much like words, to be known.
func (s *Set) KnowHost(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts == nil {
		s.hosts = make(map[string]bool)
	}
	s.hosts[hostOf(url)] = true
}

func hostOf(url string) string {
	_, rest := Split(url)
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		return rest[:end]
	}
	return rest
}

// Log returns a writer that has each write be as [Set.Said] has it, which is to have whole lines.
func (s *Set) Log(w io.Writer) io.Writer { return writer{s.Said, w} }
