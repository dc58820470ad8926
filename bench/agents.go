package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"switchyard/internal/control"
	"switchyard/internal/tasks"
)

// Agents is what the workloads brake, fair and model need of the system.
type Agents struct {
	Operator *control.Operator
	// Tasks adds runs of the bench's agents, which go to Queue.
	Tasks tasks.Enqueuer
	Queue string
	// Worker returns the command of a worker process of that queue with its own
	// configuration file.
	Worker func(file string) *exec.Cmd
	// AsynqWorker returns that of a worker of plain asynq with so many slots.
	AsynqWorker func(queue string, slots int) *exec.Cmd
}

// The bench's agents: one is a service of the bench's own, which is called, the other a
// program with steps.
const (
	CallAgent  = "bench_call"
	StepsAgent = "bench_steps"
)

// run asks one of them to work for a user.
type agentRun struct {
	agent string
	User  string `json:"user"`
}

// Kind implements [tasks.Args].
func (a agentRun) Kind() string { return "agent_" + a.agent }

// startAgent adds a run and returns when it was asked for.
func (r *run) startAgent(ctx context.Context, agent, user, id string) (time.Time, error) {
	asked := time.Now()
	_, err := r.Agents.Tasks.Enqueue(ctx, agentRun{agent, user}, tasks.Options{ID: taskID + id})
	return asked, err
}

// agency is the workers of the agents' queue, and the service that their agents call.
type agency struct {
	desk    *desk
	dir     string
	log     string // what the programs have done: a line for each finished step
	workers []*process
}

// agencyOptions say how an agency is staffed.
type agencyOptions struct {
	workers int
	slots   int    // of each
	perUser int    // tasks of a user at a time
	model   string // URL of the model that its agents ask, if any does
}

// openAgency starts an agency.
func (r *run) openAgency(ctx context.Context, o agencyOptions) (a *agency, err error) {
	a = &agency{}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.desk, err = newDesk(); err != nil {
		return a, err
	}
	if a.dir, err = os.MkdirTemp("", "switchyard-bench-"); err != nil {
		return a, err
	}
	a.log = filepath.Join(a.dir, "steps")
	file := filepath.Join(a.dir, "worker.yaml")
	if err = os.WriteFile(file, a.configuration(r.Agents.Queue, o), 0o600); err != nil {
		return a, err
	}
	for range o.workers {
		p, err := r.startWorker(ctx, r.Agents.Worker(file), []string{r.Agents.Queue})
		if err != nil {
			return a, err
		}
		a.workers = append(a.workers, p)
	}
	return a, nil
}

// steps is how many the program does, each of which takes about a tenth of a second.
const steps = 10

// stepsProgram does its steps one after the other. Asked to stop it ends the one it is at.
const stepsProgram = `
read -r input
task=${input#*'"task":"'}; task=${task%%'"'*}
stop=0; trap 'stop=1' TERM
i=0
while [ $i -lt "$2" ] && [ $stop = 0 ]; do
	i=$((i+1))
	echo "{\"type\":\"begin\",\"step\":\"$i\"}"; read -r answer || exit 1
	case $answer in *'"go":true'*) ;; *) continue;; esac
	sleep 0.1
	echo "$task $i" >> "$1"
	echo "{\"type\":\"step\",\"step\":\"$i\",\"result\":null}"; read -r answer || exit 1
done
[ $stop = 0 ] || exit 1
echo '{"type":"result","result":"done"}'
`

// configuration is the workers', which is YAML as all JSON is.
func (a *agency) configuration(queue string, o agencyOptions) []byte {
	type object map[string]any
	agents := object{
		CallAgent: object{"runtime": "http", "url": a.desk.url},
		StepsAgent: object{"runtime": "exec", "steps": true, "env": []string{"PATH"},
			"command": []string{"/bin/sh", "-c", stepsProgram, "sh", a.log, fmt.Sprint(steps)}},
	}
	c := object{"queues": object{queue: object{"concurrency": o.slots, "per_user": o.perUser}}, "agents": agents}
	if o.model != "" {
		agents[ModelAgent] = object{"runtime": "llm", "model": "scripted", "instructions": "Find out what is new.", "tools": []string{"search_documents"}}
		c["models"] = object{"scripted": object{"api": "openai-chat", "model": "scripted-1", "base_url": o.model + "/v1"}}
	}
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // it is made of strings and numbers
	}
	return text
}

func (a *agency) close() error {
	for _, p := range a.workers {
		p.stop()
	}
	var err error
	if a.desk != nil {
		err = a.desk.close()
	}
	return errors.Join(err, os.RemoveAll(a.dir))
}

// desk is the service of an agent. Who calls it is noted, and held as long as the bench
// wants.
type desk struct {
	url    string
	server *http.Server
	served chan error
	closed chan struct{}
	calls  chan *call
}

// call is a call of the service that has come and is not answered yet.
type call struct {
	task string
	came time.Time
	// hung gets when the caller hung up.
	hung   chan time.Time
	answer chan struct{} // closed when it may be answered
}

func newDesk() (*desk, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for agents: %w", err)
	}
	d := &desk{url: "http://" + listener.Addr().String() + "/", served: make(chan error, 1), closed: make(chan struct{}), calls: make(chan *call, 10_000)}
	d.server = &http.Server{Handler: d, ReadHeaderTimeout: 10 * time.Second}
	go func() { d.served <- d.server.Serve(listener) }()
	return d, nil
}

// ServeHTTP implements [http.Handler].
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	came := time.Now()
	var in struct {
		Task string `json:"task"`
	}
	body, err := io.ReadAll(r.Body)
	if r.Method == http.MethodGet { // plain asynq's, whose task is named by the path
		in.Task = r.URL.Path[1:]
	} else if err == nil && len(body) > 0 {
		err = json.Unmarshal(body, &in)
	}
	if err != nil || in.Task == "" { // a DELETE says nothing more
		w.WriteHeader(http.StatusNoContent)
		return
	}
	c := &call{task: in.Task, came: came, hung: make(chan time.Time, 1), answer: make(chan struct{})}
	d.calls <- c
	select {
	case <-c.answer:
		w.WriteHeader(http.StatusNoContent)
	case <-r.Context().Done():
		c.hung <- time.Now()
	case <-d.closed:
	}
}

// next returns the next call.
func (d *desk) next(ctx context.Context) (*call, error) {
	select {
	case c := <-d.calls:
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (d *desk) close() error {
	close(d.closed)
	err := d.server.Close()
	if served := <-d.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
