package clients

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"switchyard/test/browser"

	"github.com/chromedp/chromedp"
)

// sendFromPage sends a task from a page of another origin than the API's, and follows it with a child
// token. It says what goes wrong.
const sendFromPage = `(async () => {
	const { Switchyard } = await import("/client/index.js")
	const sy = new Switchyard({ url: %q, token: %q, timeout: 5000 })
	try {
		const job = await sy.send("agent_echo", { user: "ada", input: { from: "page" } }, { key: %q })
		const child = await sy.childToken({ scopes: ["tasks:read"], tasks: [job.id], expiresIn: "5m" })
		const page = new Switchyard({ url: %[1]q, token: child.token })
		let last
		for await (const event of (await page.task(job.id)).events()) last = event
		return last.type + " " + JSON.stringify(last.task.result)
	} catch (err) {
		return err.constructor.name
	}
})()`

// askWithoutToken asks with what a browser sends by itself.
const askWithoutToken = `(async () => {
	const say = async (credentials) => {
		try {
			const res = await fetch(%q + "/v1/kinds", { credentials })
			return res.status + " " + (await res.json()).type
		} catch (err) {
			return err.constructor.name
		}
	}
	return (await say("omit")) + ", " + (await say("include"))
})()`

// onPage opens the page of a site and has it do something.
func onPage(t *testing.T, tab context.Context, site, does string) string {
	t.Helper()
	if err := chromedp.Do(tab, chromedp.Navigate(site)); err != nil {
		t.Fatal(err)
	}
	said, err := chromedp.Run(tab, chromedp.Evaluate[string](does, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// TestAPageOfAListedOriginAsksWithATokenAndNoOtherPageDoes opens pages at other ports than the API's.
func TestAPageOfAListedOriginAsksWithATokenAndNoOtherPageDoes(t *testing.T) {
	needNode(t)
	listed, other := httptest.NewServer(pageAndClient()), httptest.NewServer(pageAndClient())
	t.Cleanup(listed.Close)
	t.Cleanup(other.Close)
	y := startYard(t, fmt.Sprintf("monitor: {origins: [%q]}", listed.URL))
	tab, _ := browser.Open(t)
	if got, want := onPage(t, tab, listed.URL, fmt.Sprintf(sendFromPage, y.url, y.token, "a")), `ended {"said":{"from":"page"}}`; got != want {
		t.Errorf("the listed page says %q, want %q", got, want)
	}
	if got, want := onPage(t, tab, listed.URL, fmt.Sprintf(askWithoutToken, y.url)), "401 /problems/unauthenticated, TypeError"; got != want {
		t.Errorf("without a token the listed page says %q, want %q", got, want)
	}
	if got, want := onPage(t, tab, other.URL, fmt.Sprintf(sendFromPage, y.url, y.token, "b")), "Timeout"; got != want && got != "ConnectionError" {
		t.Errorf("the other page says %q, want %q or ConnectionError", got, want)
	}
	if got, want := onPage(t, tab, other.URL, fmt.Sprintf(askWithoutToken, y.url)), "TypeError, TypeError"; got != want {
		t.Errorf("without a token the other page says %q, want %q", got, want)
	}
	tasks := y.run(t, ".", "curl", "-sS", "-H", "Authorization: Bearer "+y.token, y.url+"/v1/tasks?kind=agent_echo")
	if n := strings.Count(tasks, `"kind":"agent_echo"`); n != 1 {
		t.Errorf("%d tasks were sent, want that of the listed page alone: %s", n, tasks)
	}
}
