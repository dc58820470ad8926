package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

const (
	// MaxFresh bounds for how long a server may say that nothing changes.
	MaxFresh = 24 * time.Hour
	// maxValidator bounds a validator, in bytes: it is kept and sent back.
	maxValidator = 1024
)

// Validators say which version of a page is known (RFC 9110, section 8.8).
type Validators struct {
	URL          string `json:"url,omitempty"` // that they came from; no other is asked with them
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
}

// ask adds to a request what is known of its page, and reports whether anything is.
func (v Validators) ask(r *http.Request) bool {
	if v.URL != r.URL.String() {
		return false
	}
	asked := false
	for name, value := range map[string]string{"If-None-Match": v.ETag, "If-Modified-Since": v.LastModified} {
		if value != "" && len(value) <= maxValidator && httpguts.ValidHeaderFieldValue(value) {
			r.Header.Set(name, value)
			asked = true
		}
	}
	return asked
}

// renewed returns the validators after an answer that nothing has changed, which need not repeat
// them.
func (v Validators) renewed(now Validators) Validators {
	if now.ETag == "" && now.LastModified == "" {
		return v
	}
	return now
}

// validatorsOf returns the validators that came with an answer from u.
func validatorsOf(u *url.URL, header http.Header) Validators {
	v := Validators{URL: u.String(), ETag: header.Get("ETag"), LastModified: header.Get("Last-Modified")}
	if len(v.ETag) > maxValidator {
		v.ETag = ""
	}
	if _, err := http.ParseTime(v.LastModified); err != nil {
		v.LastModified = ""
	}
	if v.ETag == "" && v.LastModified == "" {
		return Validators{}
	}
	return v
}

// fresh returns for how long an answer may be used without asking again (RFC 9111, section 4.2), at
// most [MaxFresh].
func fresh(header http.Header, now time.Time) time.Duration {
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(header.Values("Cache-Control"), ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			return bounded(seconds(strings.Trim(value, `"`)) - seconds(header.Get("Age")))
		}
	}
	expires, err := http.ParseTime(header.Get("Expires"))
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date // its clock, not ours
	}
	return bounded(expires.Sub(now))
}

// seconds reads a number of seconds, 0 if it is none.
func seconds(text string) time.Duration {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * time.Second
}

func bounded(d time.Duration) time.Duration { return min(max(0, d), MaxFresh) }
