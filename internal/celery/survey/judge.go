package survey

import (
	"slices"
	"strings"
)

// judge says what is wrong with what was found.
func (s *survey) judge() {
	for _, f := range s.Found {
		if f.Why != "" {
			s.wrong("%s in %s is refused, so its task fails: %s", f.Task, f.Queue, f.Why)
		}
	}
	if s.silent {
		return // nobody knows who takes what
	}
	if s.OnDuty == "" && len(s.Queues) > 0 {
		s.wrong("no worker of Switchyard is on duty, and %s is to be taken from: start one with this configuration", strings.Join(s.Queues, ", "))
	}
	for _, queue := range s.Queues {
		onward := queue + s.PythonSuffix
		passed := slices.ContainsFunc(s.Found, func(f Found) bool { return f.Queue == queue && f.passed })
		if passed && len(s.takers(onward)) == 0 {
			s.wrong("what is passed on from %s waits in %s, and no worker of Celery takes from there: start one with -Q %s", queue, onward, onward)
		}
	}
	for _, w := range s.Workers {
		s.judgeWorker(w)
	}
	waiting := map[string]int64{}
	for _, l := range s.Lists {
		waiting[l.Queue] += l.Size
	}
	for _, queue := range s.queues {
		if !slices.Contains(s.Queues, queue) {
			s.judgeLeft(queue, waiting[queue])
		}
	}
}

// judgeWorker looks at a worker of Celery's: whether it takes from queues that the door takes from, too.
func (s *survey) judgeWorker(w Worker) {
	var shared, onward, unknown []string
	for _, queue := range w.Queues {
		if slices.Contains(s.Queues, queue) {
			shared, onward = append(shared, queue), append(onward, queue+s.PythonSuffix)
		}
	}
	if len(shared) == 0 {
		return
	}
	for task, k := range s.Kinds {
		if w.knows != nil && !w.knows[task] && k.Percent > 0 {
			unknown = append(unknown, task)
		}
	}
	from, to := strings.Join(shared, ", "), strings.Join(onward, ", ")
	if len(unknown) > 0 {
		slices.Sort(unknown)
		s.wrong("%s takes from %s, too, and throws away what it does not know, such as %s: have it take from %s instead", w.Name, from, strings.Join(unknown, ", "), to)
		return
	}
	s.remark("%s takes from %s, too, and performs what it gets there: have it take from %s instead once the share of each kind is all", w.Name, from, to)
}

// judgeLeft looks at a queue that is Celery's workers'.
func (s *survey) judgeLeft(queue string, waiting int64) {
	if waiting == 0 || len(s.takers(queue)) > 0 {
		return
	}
	remedy := "start a worker of Celery with -Q " + queue
	if slices.ContainsFunc(s.Found, func(f Found) bool { return f.Queue == queue && f.kind != "" }) {
		remedy = "name it in celery.queues, or " + remedy
	}
	s.wrong("messages that wait in %s, and nobody takes from there: %d: %s", queue, waiting, remedy)
}
