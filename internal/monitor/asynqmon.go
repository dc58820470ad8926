package monitor

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"

	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"
)

// asynqmonPath is where asynqmon lives. Its pages under it are made in the browser.
const asynqmonPath = "/asynqmon"

// sharedClient hands asynqmon the process's client instead of options to dial with.
// asynqmon's own Close would close that client, and is never called: there is nothing
// else for it to close.
type sharedClient struct{ client redis.UniversalClient }

// MakeRedisClient implements asynq.RedisConnOpt.
func (c sharedClient) MakeRedisClient() any { return c.client }

// newAsynqmon returns asynqmon, read-only for readers, with charts from a Prometheus if its URL
// is not "". asynqmon knows neither users nor
// origins: the handler relies on the gate and the cross-origin protection around it.
func newAsynqmon(client redis.UniversalClient, charts string) (http.Handler, error) {
	reader, err := newAsynqmonFor(client, charts, true)
	if err != nil {
		return nil, err
	}
	operator, err := newAsynqmonFor(client, charts, false)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if roleOf(r) == Operator {
			operator.ServeHTTP(w, r)
			return
		}
		reader.ServeHTTP(w, r)
	}), nil
}

func newAsynqmonFor(client redis.UniversalClient, charts string, readOnly bool) (http.Handler, error) {
	pages := asynqmon.New(asynqmon.Options{
		RootPath:          asynqmonPath,
		RedisConnOpt:      sharedClient{client},
		PrometheusAddress: charts,
		ReadOnly:          readOnly,
	})
	index := httptest.NewRecorder()
	pages.ServeHTTP(index, httptest.NewRequest(http.MethodGet, asynqmonPath+"/", nil))
	policy, err := asynqmonPolicy(index.Body.String())
	if err != nil {
		return nil, err
	}
	page := strings.Replace(index.Body.String(), "</body>", wayBack+"</body>", 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		if isPage(r.URL.Path) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, page) // the reader may have gone
			return
		}
		pages.ServeHTTP(w, r)
	}), nil
}

// wayBack leads from asynqmon's pages to the console. It stands beside what asynqmon draws.
const wayBack = `<a href="/" style="position:fixed;left:0.5rem;bottom:0.5rem;z-index:2000;padding:0.4rem 0.8rem;border-radius:0.3rem;background:#0b5d7a;color:#fff;font:0.9rem system-ui,sans-serif;text-decoration:none">← Switchyard</a>`

// isPage reports whether an address is one of asynqmon's pages, which are all the same document: it
// is neither of its API nor a file.
func isPage(address string) bool {
	return !strings.HasPrefix(address, asynqmonPath+"/api/") && path.Ext(address) == ""
}

var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// asynqmonPolicy returns the Content-Security-Policy asynqmon's page can work under: its
// own scripts and the inline ones its page has now, by their hashes, and inline styles,
// which its component library writes as it goes. The web fonts its page asks for are
// refused, so that it opens at once on a machine without internet too.
func asynqmonPolicy(page string) (string, error) {
	scripts := inlineScript.FindAllStringSubmatch(page, -1)
	if len(scripts) == 0 {
		return "", errors.New("asynqmon's page has no inline script: asynqmonPolicy no longer fits it")
	}
	var hashes strings.Builder
	for _, s := range scripts {
		sum := sha256.Sum256([]byte(s[1]))
		fmt.Fprintf(&hashes, " 'sha256-%s'", base64.StdEncoding.EncodeToString(sum[:]))
	}
	return "default-src 'none'; script-src 'self'" + hashes.String() +
		"; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'" +
		"; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", nil
}
