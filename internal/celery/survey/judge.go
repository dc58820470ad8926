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
	waiting := map[string]int64{}
	for _, l := range s.Lists {
		waiting[l.Queue] += l.Size
	}
	for _, queue := range s.queues {
		if slices.Contains(s.Queues, queue) {
			s.judgeTaken(queue)
		} else {
			s.judgeLeft(queue, waiting[queue])
		}
	}
}

// judgeTaken looks at a queue that the door takes from.
func (s *survey) judgeTaken(queue string) {
	if s.OnDuty == "" {
		s.wrong("no worker of Switchyard is on duty, and %s is to be taken: start one", queue)
	}
	onward := queue + s.PythonSuffix
	passed := slices.ContainsFunc(s.Found, func(f Found) bool { return f.Queue == queue && f.passed })
	if passed && len(s.takers(onward)) == 0 {
		s.wrong("what is passed on from %s waits in %s, and no worker of Celery takes it: start one with -Q %s", queue, onward, onward)
	}
	for _, w := range s.Workers {
		if slices.Contains(w.Queues, queue) {
			s.judgeShared(w, queue)
		}
	}
}

// judgeShared looks at a worker of Celery's that takes from a queue which the door takes from, too.
func (s *survey) judgeShared(w Worker, queue string) {
	var unknown []string
	for task, k := range s.Kinds {
		if w.knows != nil && !w.knows[task] && k.Percent > 0 {
			unknown = append(unknown, task)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		s.wrong("%s takes from %s and would throw away what it does not know: %s: have it take from %s alone", w.Name, queue, strings.Join(unknown, ", "), queue+s.PythonSuffix)
		return
	}
	s.remark("%s takes from %s, too: it performs a part of what is to be performed here, until it takes from %s alone", w.Name, queue, queue+s.PythonSuffix)
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
	s.wrong("%d messages wait in %s, and nobody takes them: %s", waiting, queue, remedy)
}
