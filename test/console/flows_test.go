package console

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"switchyard/internal/schedule"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
	"switchyard/test/browser"
	"switchyard/test/redistest"
)

// patience ends a step that never comes to its end. Nothing is measured against it.
const patience = 20 * time.Second

// openTab opens a browser, and returns what does steps in it. What the browser complains of fails the test.
func openTab(t *testing.T) (do func(...browser.Step)) {
	t.Helper()
	ctx, tab := browser.Open(t)
	t.Cleanup(func() {
		for _, said := range tab.Complaints() {
			if !strings.Contains(said, "status of 4") { // what is refused is answered so
				t.Errorf("the browser says %q", said)
			}
		}
	})
	return func(steps ...browser.Step) {
		t.Helper()
		for i, step := range steps {
			within, cancel := context.WithTimeout(ctx, patience)
			err := chromedp.Do(within, step)
			cancel()
			if err != nil {
				page, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.querySelector("main")?.innerText`))
				t.Fatalf("step %d of %d: %v; the browser says %q; the page is %.2000s", i+1, len(steps), err, tab.Complaints(), page)
			}
		}
	}
}

// withAndWithoutScripts runs a test in a browser, once with scripts and once without.
func withAndWithoutScripts(t *testing.T, test func(s *site, do func(...browser.Step))) {
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %v", scripts), func(t *testing.T) {
			s := open(t, "redis://"+redistest.Server(t).Addr)
			do := openTab(t)
			do(browser.Scripts(scripts))
			test(s, do)
		})
	}
}

func TestAFailedTaskIsFoundAndRunAgain(t *testing.T) {
	withAndWithoutScripts(t, func(s *site, do func(...browser.Step)) {
		s.send(chore{User: "ada", Fail: "the shop is closed"}, tasks.Options{ID: "broken"})
		s.send(chore{User: "bob", Fail: "out of paper"}, tasks.Options{ID: "other"})
		s.await("default", "broken", tasks.StateFailed)
		s.await("default", "other", tasks.StateFailed)
		do(
			chromedp.Navigate(s.url+"/"), browser.Click(`#needs a[href^="/tasks/"]`), browser.See("out of paper"),
			browser.Type(`input[name=error]`, "CLOSED"), browser.Click(`.filter button`), chromedp.WaitNotPresent(chromedp.CSS(`a[href="/tasks/default/other"]`)),
			browser.Click(`a[href="/tasks/default/broken"]`), browser.See("the shop is closed"), browser.See("Attempt 1"),
		)
		s.chores.mended.Store("broken", true)
		do(browser.Click(`form[action$="/run"] button`), browser.See("1 task made ready to run."))
		s.await("default", "broken", tasks.StateSucceeded)
		do(chromedp.Navigate(s.url+"/tasks/default/broken"), browser.See("succeeded"), browser.See("Attempt 2"))
	})
}

func TestManyTasksAreChangedAfterALookAtThem(t *testing.T) {
	withAndWithoutScripts(t, func(s *site, do func(...browser.Step)) {
		for i := range 30 {
			s.send(chore{User: "ada", Fail: fmt.Sprint("timeout ", i)}, tasks.Options{ID: fmt.Sprint("t", i)})
		}
		s.send(chore{Fail: "something else"}, tasks.Options{ID: "stays"})
		for i := range 30 {
			s.await("default", fmt.Sprint("t", i), tasks.StateFailed)
		}
		s.await("default", "stays", tasks.StateFailed)
		do(
			chromedp.Navigate(s.url+"/tasks/?state=failed&error=timeout"), browser.Click(`button[value=delete]`),
			browser.See("30 tasks are meant"), browser.See("Nothing has changed yet."),
		)
		s.await("default", "t29", tasks.StateFailed)
		do(browser.Click(`main form button.bad`), browser.See("30 tasks deleted."), browser.See("No task is like that."))
		s.await("default", "stays", tasks.StateFailed)
		// Those that are selected, and no others.
		s.send(chore{Fail: "timeout again"}, tasks.Options{ID: "again"})
		s.await("default", "again", tasks.StateFailed)
		do(
			chromedp.Navigate(s.url+"/tasks/?state=failed"), browser.Click(`input[value="default/again"]`), browser.Click(`button[value=cancel]`),
			browser.See("1 task is meant"), chromedp.WaitNotPresent(chromedp.CSS(`a[href="/tasks/default/stays"]`)),
		)
	})
}

func TestAStepThatWaitsIsApprovedOrRejected(t *testing.T) {
	withAndWithoutScripts(t, func(s *site, do func(...browser.Step)) {
		for _, user := range []string{"ada", "bob"} {
			s.send(agents.Args{Agent: "secretary", User: user}, tasks.Options{ID: "run-" + user})
			s.await("agents", "run-"+user, tasks.StateParked)
		}
		do(
			chromedp.Navigate(s.url+"/"), browser.See("2 decisions wait"), browser.Click(`#needs a[href="/decisions/"]`),
			browser.See("hello"), browser.Click(`a[href="/tasks/agents/run-ada"]`),
			browser.See("Waits for your decision"), browser.See("hello"), browser.Click(`button[value=approve]`), browser.See("The decision is made."),
		)
		s.await("agents", "run-ada", tasks.StateSucceeded)
		do(
			chromedp.Navigate(s.url+"/tasks/agents/run-ada"), browser.See("It is sent."), browser.See("Tokens in"),
			browser.Click(`#attempts li:last-of-type summary`), browser.See("It has sent"),
			chromedp.Navigate(s.url+"/decisions/"), browser.Click(`button[value=reject]`), browser.See("The decision is made."), browser.See("Nothing waits for a person."),
		)
		s.await("agents", "run-bob", tasks.StateSucceeded)
		do(chromedp.Navigate(s.url+"/audit/"), browser.See("approve"), browser.See("reject"), browser.See("page"))
	})
}

func TestAUserIsPausedAndTheReceiptIsRead(t *testing.T) {
	withAndWithoutScripts(t, func(s *site, do func(...browser.Step)) {
		s.send(agents.Args{Agent: "secretary", User: "ada"}, tasks.Options{ID: "run"})
		s.await("agents", "run", tasks.StateParked)
		do(
			chromedp.Navigate(s.url+"/users/"), browser.Type(`input[name=match]`, "ada"), browser.Click(`button[name=go]`),
			browser.See("agent_secretary"), browser.Click(`form[action="/users/ada/pause"] button`),
			browser.See("yes, by this"), browser.See("paused"),
			chromedp.Navigate(s.url+"/"), browser.See("1 user is paused"),
			chromedp.Navigate(s.url+"/users/ada"), browser.Click(`form[action="/users/ada/resume"] button`), browser.See("Goes on"),
			browser.See("brake"), // among the events
		)
	})
}

func TestAnEntryIsAddedAndItsTicksAreSeen(t *testing.T) {
	withAndWithoutScripts(t, func(s *site, do func(...browser.Step)) {
		do(
			chromedp.Navigate(s.url+"/schedule/"), browser.Click(`a[href="/schedule/new"]`),
			browser.Type(`input[name=id]`, "greeting"), browser.Type(`input[name=spec]`, "30 8 * * MON-FRI"), browser.Type(`input[name=zone]`, "Europe/Berlin"),
			browser.Type(`input[name=kind]`, "chore"), browser.Click(`button[value=yes]`),
			chromedp.WaitVisible(chromedp.CSS(`input[name=id][value=greeting]`)), // as the server has it: the page is a new one
			browser.See("At 08:30 on Monday to Friday"), chromedp.WaitVisible(chromedp.CSS(`#explained td.due`)),
			browser.Type(`textarea[name=payload]`, `{"text": 1}`), browser.Click(`button.main`), browser.See("text"), browser.See("string"),
			browser.Type(`textarea[name=payload]`, `{"text": "hello"}`), browser.Click(`button.main`),
			browser.See("The entry is saved."), browser.See("Next ticks"), chromedp.WaitVisible(chromedp.CSS(`#next li:nth-of-type(10)`)), browser.See("It was not due yet."),
			browser.Click(`form[action$="/run"] button`), browser.See("What there is to know"), browser.See("hello"),
		)
		do(
			chromedp.Navigate(s.url+"/schedule/entries/greeting/edit"), browser.Type(`input[name=spec]`, "@every 15m"), browser.Click(`button.main`),
			browser.See("Every 15 minutes"), browser.Click(`form[action$="/pause"] button`), browser.See("Paused."),
		)
	})
}

func TestASourceIsVisitedNow(t *testing.T) {
	withAndWithoutScripts(t, func(s *site, do func(...browser.Step)) {
		if _, err := s.system.Schedule.Put(s.Context(), schedule.Entry{
			ID: sources.EntryID("news"), Spec: "@daily", Kind: "scrape_feed", Payload: []byte(`{"url":"https://127.0.0.1:1/feed","source":"news"}`), Origin: schedule.OriginAPI,
		}); err != nil {
			s.Fatal(err)
		}
		do(
			chromedp.Navigate(s.url+"/sources/"), browser.Click(`a[href="/sources/news"]`), browser.See("@daily"), browser.Click(`button.main`),
			browser.See("What there is to know"), browser.See("scrape_feed"),
		)
	})
}
