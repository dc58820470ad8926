package console

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/hibiken/asynq"

	"switchyard/test/browser"
	"switchyard/test/redistest"
)

// attack runs a script in each place where a text of somebody else's may come to stand, if it is not
// written as a text there: in an element, an attribute, an address, a script, a template.
const attack = `"'><script>owned=1</script><img src=x onerror=owned=1><svg onload=owned=1></svg>` +
	`<a href="javascript:owned=1">x</a><style>body{display:none}</style></title></code>{{.}}${owned=1}`

func TestNothingThatOthersHaveWrittenIsExecuted(t *testing.T) {
	server := redistest.Server(t)
	s := open(t, "redis://"+server.Addr)
	s.furnish(attack)
	foreign := asynq.NewClient(asynq.RedisClientOpt{Addr: server.Addr})
	defer func() { _ = foreign.Close() }()
	for _, task := range []*asynq.Task{
		asynq.NewTask(attack, []byte(attack)),
		asynq.NewTaskWithHeaders("chore", []byte(`{"text":"x"}`), map[string]string{"switchyard-sender": attack, "switchyard-wakes": attack, "switchyard-meta": attack, "traceparent": attack}),
	} {
		if _, err := foreign.Enqueue(task, asynq.Queue("scraping"), asynq.TaskID(task.Type()[:5]+attack), asynq.ProcessIn(1e12)); err != nil {
			t.Fatal(err)
		}
	}
	all := pages(attack)
	all["search"] = "/tasks/?error=" + escaped(attack) + "&kind=" + escaped(attack)
	all["foreign task"] = taskPage("scraping", "chore"+attack)
	all["foreign kind"] = taskPage("scraping", attack[:5]+attack)
	all["explained"] = "/schedule/new?spec=" + escaped(attack) + "&zone=" + escaped(attack) + "&kind=" + escaped(attack) + "&payload=" + escaped(attack)
	all["done"] = "/tasks/?done=" + escaped(attack) + "&n=" + escaped(attack)
	all["foreign tasks"] = "/tasks/?queue=scraping"
	do := openTab(t)
	seen := 0
	for name, path := range all {
		do(chromedp.Navigate(s.url+path), chromedp.WaitVisible(chromedp.CSS("main h1, main article")), notOwned(name, &seen))
	}
	if seen < 12 {
		t.Errorf("the attack stands on %d pages as a text, want at least 12: the test tries nothing", seen)
	}
}

// notOwned fails if the attack has done something. It counts the pages that show it as a text.
func notOwned(name string, seen *int) browser.Step {
	return func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		found, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[typeof owned, document.querySelectorAll("main script, main img, main style, main a[href^='javascript:' i], svg[onload]").length,
			document.body.innerText.includes("onerror=owned") || document.body.innerHTML.includes("onerror=owned")].join(" ")`))
		if err != nil {
			return chromedp.Void{}, err
		}
		if !strings.HasPrefix(found, "undefined 0 ") {
			return chromedp.Void{}, fmt.Errorf("%s: the attack was made something of: %s", name, found)
		}
		if strings.HasSuffix(found, "true") {
			*seen++
		}
		return chromedp.Void{}, nil
	}
}

func escaped(text string) string { return url.QueryEscape(text) }

func taskPage(queue, id string) string {
	return "/tasks/" + url.PathEscape(queue) + "/" + url.PathEscape(id)
}
