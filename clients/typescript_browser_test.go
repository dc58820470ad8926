package clients

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"switchyard/test/browser"

	"github.com/chromedp/chromedp"
)

// followInPage follows a task with a child token, as the page of a visitor does.
const followInPage = `(async () => {
	const { Switchyard } = await import("/client/index.js")
	const sy = new Switchyard({ url: location.origin, token: %q })
	const job = await sy.send("agent_echo", { user: "ada", input: { from: "page" } })
	const child = await sy.childToken({ scopes: ["tasks:read"], tasks: [job.id], expiresIn: "5m" })
	const page = new Switchyard({ url: location.origin, token: child.token })
	let last
	for await (const event of (await page.task(job.id)).events()) last = event
	return last.type + " " + JSON.stringify(last.task.result)
})()`

// TestTheTypeScriptClientFollowsATaskInAPage loads the client in a browser, from the address of a site
// that has the API at /v1/.
func TestTheTypeScriptClientFollowsATaskInAPage(t *testing.T) {
	needNode(t) // of which the agents are
	y := startYard(t)
	site := httptest.NewServer(siteOf(t, y.url))
	t.Cleanup(site.Close)
	tab, _ := browser.Open(t)
	if err := chromedp.Do(tab, chromedp.Navigate(site.URL)); err != nil {
		t.Fatal(err)
	}
	got, err := chromedp.Run(tab, chromedp.Evaluate[string](fmt.Sprintf(followInPage, y.token), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	if want := `ended {"said":{"from":"page"}}`; got != want {
		t.Errorf("the page says %q, want %q", got, want)
	}
}

// siteOf is a site with a page, the client, and the API behind it.
func siteOf(t *testing.T, api string) http.Handler {
	t.Helper()
	to, err := url.Parse(api)
	if err != nil {
		t.Fatal(err)
	}
	site := pageAndClient()
	site.Handle("/v1/", &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	return site
}

// pageAndClient is a site with a page and the client.
func pageAndClient() *http.ServeMux {
	site := http.NewServeMux()
	site.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>A site</title>"))
	})
	site.Handle("GET /client/", http.StripPrefix("/client/", http.FileServer(http.Dir("typescript/src"))))
	return site
}
