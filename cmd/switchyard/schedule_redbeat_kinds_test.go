package main

import (
	"strings"
	"testing"

	"switchyard/internal/redbeat"
	"switchyard/internal/tasks"
)

func TestEachTaskIsProposedAKindOfItsOwn(t *testing.T) {
	taken := map[string]bool{"scrape_page": true}
	for _, c := range []struct{ task, want string }{
		{"app.tasks.cleanup", "cleanup"}, {"app.other.cleanup", "app_other_cleanup"}, {"app.other-cleanup", "other_cleanup"},
		{"app_other.cleanup", "app_other_cleanup_2"}, {"app.scrape_page", "app_scrape_page"}, {"Crawl-Now", "crawl_now"}, {"9lives", "task_9lives"},
		{"ü", "task"}, {strings.Repeat("x", 300), strings.Repeat("x", tasks.MaxKind-4)},
	} {
		got := kindFor(c.task, func(kind string) bool { return taken[kind] })
		if got != c.want || tasks.CheckKind(got) != nil {
			t.Errorf("%s is proposed as %s, want %s", c.task, got, c.want)
		}
		taken[got] = true
	}
}

func TestWhatIsProposedCoversAllEntriesOfATask(t *testing.T) {
	moves := []redbeat.Move{
		{Task: "app.a", Lacks: &redbeat.Lack{Positional: 1, Priority: 6}}, {Task: "app.a", Lacks: &redbeat.Lack{Positional: 3, Priority: 6}},
		{Task: "app.b", Lacks: &redbeat.Lack{Kind: "known", Args: []string{"days"}, Positional: 2}},
		{Task: "app.c", Lacks: &redbeat.Lack{Priority: 3}}, {Task: "app.c", Lacks: &redbeat.Lack{Priority: 6}},
		{Task: "\x1b[2J", Lacks: &redbeat.Lack{}}, {Task: "app.d"},
	}
	got, err := proposeKinds(moves, func(string) bool { return false })
	const want = `celery:
  kinds:
    a:
      task: app.a
      args:
        - arg1
        - arg2
        - arg3
      priority: 6
      runtime: python
    c:
      task: app.c
      runtime: python
    known:
      task: app.b
      args:
        - days
        - arg2
      runtime: python
`
	if err != nil || got != want {
		t.Errorf("proposed, %v:\n%s", err, got)
	}
}
