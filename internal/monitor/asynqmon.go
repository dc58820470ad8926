package monitor

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"
)

// consolePath is where asynqmon lives. Its pages under it are made in the browser.
const consolePath = "/asynqmon"

// sharedClient hands asynqmon the process's client instead of options to dial with.
// asynqmon's own Close would close that client, and is never called: there is nothing
// else for it to close.
type sharedClient struct{ client redis.UniversalClient }

// MakeRedisClient implements asynq.RedisConnOpt.
func (c sharedClient) MakeRedisClient() any { return c.client }

// newConsole returns asynqmon, read-only for readers, with charts from a Prometheus if its URL
// is not "". asynqmon knows neither users nor
// origins: the handler relies on the gate and the cross-origin protection around it.
func newConsole(client redis.UniversalClient, charts string) (http.Handler, error) {
	reader, err := newConsoleFor(client, charts, true)
	if err != nil {
		return nil, err
	}
	operator, err := newConsoleFor(client, charts, false)
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

func newConsoleFor(client redis.UniversalClient, charts string, readOnly bool) (http.Handler, error) {
	console := asynqmon.New(asynqmon.Options{
		RootPath:          consolePath,
		RedisConnOpt:      sharedClient{client},
		PrometheusAddress: charts,
		ReadOnly:          readOnly,
	})
	index := httptest.NewRecorder()
	console.ServeHTTP(index, httptest.NewRequest(http.MethodGet, consolePath+"/", nil))
	policy, err := consolePolicy(index.Body.String())
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		console.ServeHTTP(w, r)
	}), nil
}

var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// consolePolicy returns the Content-Security-Policy asynqmon's page can work under: its
// own scripts and the inline ones its page has now, by their hashes, and inline styles,
// which its component library writes as it goes. The web fonts its page asks for are
// refused, so that it opens at once on a machine without internet too.
func consolePolicy(page string) (string, error) {
	scripts := inlineScript.FindAllStringSubmatch(page, -1)
	if len(scripts) == 0 {
		return "", errors.New("asynqmon's page has no inline script: consolePolicy no longer fits it")
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
