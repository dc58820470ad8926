// Command switchyard is for people: it shows the system at work, sends tasks, changes
// the schedule and the users, and explains the routing.
package main

import (
	"os"
	"path/filepath"
	"strings"

	"switchyard/internal/command"
	"switchyard/internal/command/daemons"
	"switchyard/internal/config"
	"switchyard/internal/tasks"
)

type cli struct {
	config.Flags
	apiFlags

	Dev      devCommand      `cmd:"" textonly:"" help:"Run everything in one process and make a first briefing, on an embedded Redis unless --redis names one."`
	Enqueue  enqueueCommand  `cmd:"" help:"Send a task."`
	Task     taskCommand     `cmd:"" help:"List, show, cancel, run, replay and delete tasks."`
	Queue    queueCommand    `cmd:"" help:"List, pause and resume queues."`
	Schedule scheduleCommand `cmd:"" help:"Change and show the schedule."`
	Pause    pauseCommand    `cmd:"" help:"Stop a user's agents at once, and hold what waits for them."`
	Resume   resumeCommand   `cmd:"" help:"Let a user's agents go on."`
	Status   statusCommand   `cmd:"" help:"Show what a user's agents do, or everyone who is paused."`
	Audit    auditCommand    `cmd:"" help:"Show who has paused, resumed, decided, run and deleted what, and made and revoked tokens."`
	Run      runCommand      `cmd:"" help:"Show an agent's run."`
	Approve  approveCommand  `cmd:"" help:"Have the step of a run that waits for a person done."`
	Reject   rejectCommand   `cmd:"" help:"Have it not done, and the run go on."`
	Usage    usageCommand    `cmd:"" help:"Show what agents have spent on models, by user, day and agent."`
	Source   sourceCommand   `cmd:"" help:"Say what is read from the web, and see what it brought."`
	User     userCommand     `cmd:"" help:"Set what a user is briefed about."`
	Briefing briefingCommand `cmd:"" help:"Show briefings, and decide about deliveries that wait for a person."`
	Token    tokenCommand    `cmd:"" help:"Make, list, show and revoke tokens for the HTTP API."`
	Route    routeCommand    `cmd:"" help:"Explain where a kind goes."`
	Settings configCommand   `cmd:"" name:"config" help:"Check and print the configuration."`
	Upgrade  upgradeCommand  `cmd:"" help:"See whether a release may work on what is stored, and finish an upgrade."`
	Celery   celeryCommand   `cmd:"" help:"See what the Celery door makes of what is in a broker of Celery."`
	Password passwordCommand `cmd:"" name:"hash-password" help:"Read a password from standard input and print its hash, for monitor.users."`

	Worker    daemons.WorkerCommands    `cmd:"" help:"Be a worker: consume queues and perform their tasks."`
	Scheduler daemons.SchedulerCommands `cmd:"" help:"Be a scheduler: enqueue what is due."`
	Monitor   daemons.MonitorCommands   `cmd:"" help:"Be the monitor: serve the pages."`

	command.Common
}

func main() {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if daemon, ok := byName[name]; ok {
		os.Exit(daemon().Main(os.Args[1:]))
	}
	var c cli
	os.Exit((&command.Program{
		Name: "switchyard", Description: "Background tasks for agents, briefings and scraping.", Grammar: &c, Bind: []any{[]tasks.Definition(nil)}, Provide: c.providers(),
	}).Main(os.Args[1:]))
}

// byName are what this binary is under another name, such as that of a link to it.
var byName = map[string]func() *command.Program{"worker": daemons.Worker, "scheduler": daemons.Scheduler, "monitor": daemons.Monitor}
