package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestATaskOfCeleryGoesToTheQueueOfItsKindOrItsRoute(t *testing.T) {
	c, err := Load(write(t, `
celery:
  default_queue: house
  routes: {"app.*": apps, "app.tasks.*": tasks, app.tasks.one: one}
  kinds:
    one: {task: app.tasks.one, runtime: python}
    two: {task: app.tasks.two, runtime: python, priority: 6}
    three: {task: app.other, runtime: python}
    four: {runtime: python}
    five: {task: app.tasks.five, runtime: python, queue: Rep.X}
    here: {task: app.tasks.here}
`), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]string{"one": "app.tasks.one one", "two": "app.tasks.two tasks", "three": "app.other apps", "four": "four house", "five": "app.tasks.five Rep.X"} {
		if k := c.Celery.Performs()[kind]; k.Task+" "+k.Queue != want {
			t.Errorf("%s is %s in %s, want %s", kind, k.Task, k.Queue, want)
		}
	}
	if _, foreign := c.Celery.Performs()["here"]; foreign {
		t.Error("here is Celery's")
	}
	want := []string{"*.reply.celery.pidbox*", "Rep.X*", "_kombu.binding.reply.celery.pidbox*", "apps*", "celery-task-meta-*", "celery-taskset-meta-*", "house*", "one*", "tasks*"}
	if got := c.CeleryKeys(); !slices.Equal(got, want) {
		t.Errorf("keys %q, want %q", got, want)
	}
	c.Celery.Broker = "redis://elsewhere:6379/0"
	if got := c.CeleryKeys(); len(got) > 0 {
		t.Errorf("keys %q on our Redis, and Celery's is another", got)
	}
}

func TestMistakesInKindsOfCeleryAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"{runtime: python, user: uid}":                                `celery.kinds.x: user "uid" and input "" with runtime python: the members of a payload are the arguments; leave both out`,
		"{runtime: python, priority: 10}":                             "celery.kinds.x: priority 10: give 0, which is served first, to 9",
		`{task: "a\nb"}`:                                              `celery.kinds.x: task "a\nb": give the name of a task of Celery, up to 255 bytes that can be printed`,
		"{runtime: celery, queue: q}}, queues: [q.py], routes: {a: b": `celery.kinds.x: its messages go to the queue "q.py", and celery.queues has that: leave it to Celery's workers`,
		"{runtime: celery}, agent_scout: {runtime: celery}":           "celery.kinds.agent_scout: runtime celery, and agents has it, too: leave it out of one of them",
		"{runtime: rust}":                                             `celery.kinds.x: runtime "rust": use celery or python, or leave it out for a handler here`,
		"{runtime: python, share: 20%}":                               `celery.kinds.x: share "20%" with runtime python: nothing of it is performed here; leave one out`,
	} {
		_, err := Load(write(t, "celery: {kinds: {x: "+text+"}}"), nil, nil)
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestKindsThatCelerysWorkersPerformForUsGoToTheirOwnQueues(t *testing.T) {
	c, err := Load(write(t, `
redis: {url: "redis://127.0.0.1:6379/0"}
celery:
  queues: [reports]
  routes: {"app.*": reports}
  kinds:
    build: {task: app.build, runtime: celery, user: user_id, input: "*"}
    sweep: {runtime: celery, queue: house}
`), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]string{"build": "app.build reports.py", "sweep": "sweep house.py"} {
		if k := c.Celery.Governs()[kind]; k.Task+" "+k.Queue != want {
			t.Errorf("%s is %s in %s, want %s", kind, k.Task, k.Queue, want)
		}
	}
	if got, want := c.CeleryKeys(), []string{"*.reply.celery.pidbox*", "_kombu.binding.reply.celery.pidbox*", "celery*", "celery-task-meta-*", "celery-taskset-meta-*", "house*", "house.py*", "reports*", "reports.py*"}; !slices.Equal(got, want) {
		t.Errorf("keys %q, want %q", got, want)
	}
	if got, want := c.CeleryChannels(), []string{"celery-task-meta-*", "/*.celery.pidbox", "/*.celeryev/*", "__redis__:invalidate"}; !slices.Equal(got, want) {
		t.Errorf("channels %q, want %q", got, want)
	}
}
