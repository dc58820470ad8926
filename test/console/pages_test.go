package console

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
	"switchyard/internal/tasks/briefings"
	"switchyard/internal/tokens"
	"switchyard/internal/users"
	"switchyard/test/browser"
	"switchyard/test/redistest"
)

// furnish has something on every page. Wherever somebody else's text may stand there is text.
func (s *site) furnish(text string) {
	s.Helper()
	ctx := s.Context()
	fail := func(err error) {
		s.Helper()
		if err != nil {
			s.Fatal(err)
		}
	}
	s.send(chore{User: "ada", Fail: text}, tasks.Options{ID: "broken", Meta: map[string]string{"note": text}, Tags: []string{"urgent"}})
	s.send(chore{User: text, Text: text}, tasks.Options{ID: "fine"})
	s.send(agents.Args{Agent: "secretary", User: text}, tasks.Options{ID: "asking"})
	s.await("default", "broken", tasks.StateFailed)
	s.await("default", "fine", tasks.StateSucceeded)
	s.await("agents", "asking", tasks.StateParked)
	_, err := s.system.Schedule.Put(ctx, schedule.Entry{ID: "greeting", Spec: "0 8 * * *", Kind: "chore", Payload: fmt.Appendf(nil, `{"text":%q}`, text), Origin: schedule.OriginAPI})
	fail(err)
	_, err = s.system.Users.Change(ctx, "ada", func(u *users.User) { u.Topics = []string{text}; u.Email = "" })
	fail(err)
	_, err = s.system.Operator().Pause(ctx, "bob", operator)
	fail(err)
	fail(s.system.Briefings.Put(ctx, briefings.Briefing{ID: "b1", User: "ada", Items: []briefings.Item{{Title: text, URL: "https://example.org/x", Source: text, Summary: text, Why: text}}, Created: time.Now()}))
	_, _, err = s.system.Tokens.Make(ctx, tokens.New{Name: text[:min(len(text), 90)], Scopes: []tokens.Scope{{Action: tokens.TasksRead}}})
	fail(err)
}

// pages are all pages that a furnished site has, by name.
func pages(text string) map[string]string {
	return map[string]string{
		"overview": "/", "overview of a day": "/?span=24h", "tasks": "/tasks/", "task": "/tasks/default/broken", "task of others": "/tasks/default/fine",
		"run": "/tasks/agents/asking", "runs": "/runs/", "decisions": "/decisions/", "users": "/users/", "user": "/users/ada", "user of others": userPage(text), "everyone": "/users/*",
		"schedule": "/schedule/", "entry": "/schedule/entries/greeting", "form": "/schedule/new?spec=0+8+*+*+MON", "edit": "/schedule/entries/greeting/edit",
		"sources": "/sources/", "briefings": "/briefings/", "briefing": "/briefings/b1", "audit": "/audit/", "tokens": "/tokens/", "nowhere": "/nowhere", "missing": "/tasks/default/missing",
	}
}

func TestEachPageIsAccessibleAndFitsWhateverTheWidthAndTheLight(t *testing.T) {
	s := open(t, "redis://"+redistest.Server(t).Addr)
	s.furnish("an error of some length")
	do := openTab(t)
	for name, path := range pages("an error of some length") {
		for _, look := range []struct {
			width int
			dark  bool
		}{{390, true}, {1280, false}} {
			name := fmt.Sprintf("%s-%d-%v", name, look.width, look.dark)
			do(browser.Width(look.width), browser.Dark(look.dark), chromedp.Navigate(s.url+path), chromedp.WaitVisible(chromedp.CSS("main h1, main article")),
				browser.Fits(name), browser.Accessible(name))
		}
		do(browser.Width(1920), browser.Fits(name))
	}
}
