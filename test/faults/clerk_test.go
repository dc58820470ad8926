package faults

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"switchyard/internal/config"
	"switchyard/internal/routing"
	"switchyard/internal/tasks/agents"
)

// A clerk is an agent with six steps, every other of which acts on the world outside: it
// writes a line in a file. So do all that it begins and ends, outside of Redis, as
//
//	<task> at <worker>      it begins, as a program of that worker
//	<task> doing <step>     it does a step that may be done again
//	<task> effect <step>    it does one that may not
//	<task> stored <step>    it has read that the step is stored
//	<task> end 0            it has done all
const clerk = `
read -r input
task=${input#*'"task":"'}; task=${task%%'"'*}
world=$1
note() { echo "$task $1 $2" >> "$world"; }
note at "$2"
for i in 1 2 3 4 5 6; do
	case $i in 2|4|6) effect=true; what=effect;; *) effect=false; what=doing;; esac
	echo "{\"type\":\"begin\",\"step\":\"$i\",\"effect\":$effect}"; read -r answer || exit 1
	case $answer in *'"go":true'*) ;; *) continue;; esac
	note $what $i
	sleep 0.05
	echo "{\"type\":\"step\",\"step\":\"$i\",\"result\":$i}"; read -r answer || exit 1
	note stored $i
done
note end 0
echo '{"type":"result","result":"done"}'
`

// clerkEffects are the steps with an effect.
var clerkEffects = []string{"2", "4", "6"}

// clerkAgent is the agent's name.
const clerkAgent = "clerk"

// hireClerks has the configuration of a worker run clerks that write in a file. As with errands it is
// not asked here how often a task may be lost.
func hireClerks(c *config.Config, world, worker string) {
	c.Agents = map[string]agents.Definition{
		"scout":    {Runtime: "rank"},
		clerkAgent: {Runtime: "exec", Steps: true, Env: []string{"PATH"}, Command: []string{"/bin/sh", "-c", clerk, "sh", world, worker}},
	}
	c.Policies["agent_"+clerkAgent] = routing.Patch{Losses: new(100), Retries: new(20), RetryDelay: new(fencingOutage / 70)}
}

// deed is a line of the world.
type deed struct{ task, what, step string }

// readWorld returns the deeds so far, in their order.
func readWorld(file string) ([]deed, error) {
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil, nil
	}
	var deeds []deed
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 {
			deeds = append(deeds, deed{fields[0], fields[1], fields[2]})
		}
	}
	return deeds, err
}

// judgeDeeds returns what is wrong with the deeds of the tasks: an effect that was not done,
// or more than once; a step that was done again after it was stored; a task that did not end.
func judgeDeeds(deeds []deed, sent []string) (wrong []string) {
	stored := map[deed]bool{}
	times := map[deed]int{}
	for _, d := range deeds {
		switch d.what {
		case "stored":
			stored[deed{task: d.task, step: d.step}] = true
		case "doing", "effect":
			if stored[deed{task: d.task, step: d.step}] {
				wrong = append(wrong, fmt.Sprintf("step %s of %s was stored and done again", d.step, d.task))
			}
		}
		times[d]++
	}
	for _, task := range sent {
		for _, step := range clerkEffects {
			if n := times[deed{task, "effect", step}]; n != 1 {
				wrong = append(wrong, fmt.Sprintf("effect %s of %s was done %d times", step, task, n))
			}
		}
		if times[deed{task, "end", "0"}] == 0 {
			wrong = append(wrong, fmt.Sprintf("%s did not end", task))
		}
	}
	slices.Sort(wrong)
	return wrong
}
