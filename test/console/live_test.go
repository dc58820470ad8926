package console

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
	"switchyard/test/browser"
	"switchyard/test/redistest"
)

// TestARunIsFollowedAsItHappens loads the page once. Whatever comes after is brought by the page itself.
func TestARunIsFollowedAsItHappens(t *testing.T) {
	s := open(t, "redis://"+redistest.Server(t).Addr)
	do := openTab(t)
	s.send(agents.Args{Agent: "secretary", User: "ada"}, tasks.Options{ID: "run"})
	s.await("agents", "run", tasks.StateParked)
	do(
		chromedp.Navigate(s.url+"/tasks/agents/run"), browser.See("Waits for your decision"),
		chromedp.WaitVisible(chromedp.CSS(`body[data-follow]`)),
	)
	s.decide("run", "tool 1.1 enqueue", "approve")
	do(browser.See("succeeded"), browser.See("Attempt 2"), browser.See("It is sent."), chromedp.WaitNotPresent(chromedp.CSS(`#ask`)), chromedp.WaitNotPresent(chromedp.CSS(`body[data-follow]`)))
}

func TestTheEventsOfAUserComeAsTheyHappen(t *testing.T) {
	s := open(t, "redis://"+redistest.Server(t).Addr)
	do := openTab(t)
	do(chromedp.Navigate(s.url+"/users/ada"), browser.See("Nothing has happened lately."), chromedp.WaitVisible(chromedp.CSS(`body[data-follow]`)))
	if _, err := s.system.Operator().Pause(t.Context(), "ada", operator); err != nil {
		t.Fatal(err)
	}
	do(browser.See("paused, 0 running, 0 parked"), chromedp.WaitVisible(chromedp.CSS(`form[action="/users/ada/resume"]`)))
	do(hidden(true))
	if _, err := s.system.Operator().Resume(t.Context(), "ada", operator); err != nil {
		t.Fatal(err)
	}
	do(hidden(false), browser.See("running, 0 running, 0 parked"))
	if _, err := s.system.Operator().Pause(t.Context(), "ada", operator); err != nil {
		t.Fatal(err)
	}
	do(chromedp.WaitVisible(chromedp.CSS(`form[action="/users/ada/resume"]`))) // the stream goes on
}

func TestKeysLeadThroughTheConsole(t *testing.T) {
	s := open(t, "redis://"+redistest.Server(t).Addr)
	do := openTab(t)
	s.send(chore{User: "ada", Fail: "out of paper"}, tasks.Options{ID: "broken"})
	s.await("default", "broken", tasks.StateFailed)
	do(
		chromedp.Navigate(s.url+"/"), browser.See("Overview"), browser.Press("gt"), chromedp.WaitVisible(chromedp.CSS(`a[href="/tasks/default/broken"]`)),
		browser.Press("/"), chromedp.KeyEvent("broken\r"), browser.See("Replay as a new task"),
		browser.Press("/"), chromedp.KeyEvent("ada\r"), browser.See("Pause all agents now"),
		browser.Press("/"), chromedp.KeyEvent("PAPER\r"), chromedp.WaitVisible(chromedp.CSS(`a[href="/tasks/default/broken"]`)),
		browser.Press("/"), chromedp.KeyEvent("chore\r"), chromedp.WaitVisible(chromedp.CSS(`input[name=kind][value=chore]`)),
	)
}

// hidden has the page believe that its tab is hidden, or shown again.
func hidden(is bool) browser.Step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(
			`Object.defineProperty(document, "hidden", {value: %v, configurable: true}); document.dispatchEvent(new Event("visibilitychange"))`, is)))
		return err
	})
}
