package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"switchyard/internal/config"
	"switchyard/internal/redbeat"
	"switchyard/internal/tasks"
)

// celerysTasks returns the tasks of Celery that the configuration names.
func celerysTasks(c config.Celery) map[string]redbeat.Task {
	all := make(map[string]redbeat.Task)
	for kind, k := range c.Kinds {
		all[cmp.Or(k.Task, kind)] = celerysTask(c, kind)
	}
	return all
}

// celerysTask returns what the configuration says of a kind.
func celerysTask(c config.Celery, kind string) redbeat.Task {
	k := c.Kinds[kind]
	t := redbeat.Task{Kind: kind, Args: k.Args, User: k.User, Input: k.Input}
	if theirs, there := c.Performs()[kind]; there {
		t.Celery, t.Queue, t.Priority = true, theirs.Queue, theirs.Priority
	}
	return t
}

// proposeKinds returns what celery.kinds lacks for the tasks of entries, as lines of a configuration, ""
// if nothing. taken reports that a name means something already.
func proposeKinds(moves []redbeat.Move, taken func(kind string) bool) (string, error) {
	lacks := make(map[string]redbeat.Lack)
	for _, m := range moves {
		if m.Lacks == nil || m.Task == "" || printable(m.Task) != m.Task {
			continue // no configuration can name it
		}
		l, again := lacks[m.Task]
		if !again {
			l = *m.Lacks
		}
		l.Positional = max(l.Positional, m.Lacks.Positional)
		if l.Priority != m.Lacks.Priority {
			l.Priority = 0
		}
		lacks[m.Task] = l
	}
	if len(lacks) == 0 {
		return "", nil
	}
	kinds := make(map[string]config.CeleryKind, len(lacks))
	for _, task := range slices.Sorted(maps.Keys(lacks)) {
		l := lacks[task]
		k := config.CeleryKind{Task: task, Args: l.Args, Runtime: config.RuntimePython, Priority: l.Priority}
		for n := len(l.Args); n < l.Positional; n++ {
			k.Args = append(k.Args, fmt.Sprintf("arg%d", n+1))
		}
		name := cmp.Or(l.Kind, kindFor(task, func(kind string) bool {
			_, twice := kinds[kind]
			return twice || taken(kind)
		}))
		kinds[name] = k
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	err := e.Encode(map[string]any{"celery": map[string]any{"kinds": kinds}})
	return b.String(), err
}

// kindFor returns a name for the kind of a task: the last part of its name, or else all of it, or else
// that with a number.
func kindFor(task string, taken func(string) bool) string {
	last := task[strings.LastIndexByte(task, '.')+1:]
	for _, text := range []string{last, task} {
		if kind := kindOf(text); !taken(kind) {
			return kind
		}
	}
	for n := 2; ; n++ {
		if kind := fmt.Sprintf("%s_%d", kindOf(task), n); !taken(kind) {
			return kind
		}
	}
}

// kindOf returns what is left of a text as the name of a kind.
func kindOf(text string) string {
	kind := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(text))
	kind = strings.TrimRight(kind[:min(len(kind), tasks.MaxKind-4)], "_")
	if tasks.CheckKind(kind) != nil {
		kind = strings.TrimRight("task_"+strings.TrimLeft(kind, "_"), "_")
		kind = kind[:min(len(kind), tasks.MaxKind-4)]
	}
	return kind
}
