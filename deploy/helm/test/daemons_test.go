package chart

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"testing"
)

// commands returns a directory with the programs of the image.
var commands = sync.OnceValues(func() (string, error) {
	if bin := os.Getenv("COMMANDS_BUILT_IN"); bin != "" {
		return bin, nil
	}
	bin, err := os.MkdirTemp("", "switchyard-")
	if err != nil {
		return "", err
	}
	temporary = bin
	build := exec.Command("go", "build", "-o", bin+"/", "./cmd/worker", "./cmd/scheduler", "./cmd/monitor", "./cmd/switchyard")
	build.Dir, build.Stderr = "../../..", os.Stderr
	return bin, build.Run()
})

// temporary is where the programs were built, "" if they were there.
var temporary string

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(temporary)
	os.Exit(code)
}

// bin returns the directory with the programs of the image.
func bin(t *testing.T) string {
	t.Helper()
	dir, err := commands()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTheProgramTakesTheConfigurationOfEachContainer(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		for _, c := range all.containers(t) {
			dir := t.TempDir()
			cmd := command(bin(t), []string{"switchyard", "config", "check"}, c.environ(t, dir), dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", c, err, out)
			}
		}
	})
}

// asked is where KEDA asks for the load of a queue.
var asked = regexp.MustCompile(`^http://[a-z.-]+:[0-9]+(/v1/queues/[a-z_]+)$`)

// Each daemon does its work as the user of Redis that it is given, with the rights that the program says it needs.
func TestEachDaemonBecomesReadyAsItsContainerStartsIt(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		redis := startRedis(t, bin(t))
		for _, c := range all.containers(t) {
			if c.component == "upgrade-check" {
				c.ends(t, bin(t), redis)
				continue
			}
			p := c.start(t, bin(t), redis)
			for _, probe := range []string{"livenessProbe", "readinessProbe"} {
				p.answers(t, c, at(c.spec, probe, "httpGet", "path").(string))
			}
			if c.component == "monitor" {
				p.tells(t, all)
			}
			p.stop(t, c)
		}
	})
}

// ends runs what is to end by itself, and well.
func (c container) ends(t *testing.T, bin, redis string) {
	t.Helper()
	dir := t.TempDir()
	env := c.environ(t, dir)
	env["SWITCHYARD_REDIS_URL"] = here(t, env["SWITCHYARD_REDIS_URL"], redis)
	delete(env, "OTEL_EXPORTER_OTLP_ENDPOINT")
	if out, err := command(bin, c.command, env, dir).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", c, err, out)
	}
}

// tells checks that the monitor tells a reader what KEDA is to ask for.
func (p *process) tells(t *testing.T, all objects) {
	t.Helper()
	for _, o := range all.of("ScaledObject") {
		for _, trigger := range at(o, "spec", "triggers").([]any) {
			if at(trigger, "type") != "metrics-api" {
				continue
			}
			url, where := at(trigger, "metadata", "url").(string), at(trigger, "metadata", "valueLocation").(string)
			path := asked.FindStringSubmatch(url)
			if path == nil {
				t.Fatalf("KEDA is to ask %s", url)
			}
			status, body := get(t.Context(), p.address, path[1], "keda")
			var told map[string]any
			if err := json.Unmarshal([]byte(body), &told); err != nil || status != 200 || told[where] != 0.0 {
				t.Errorf("the monitor tells a reader at %s with status %d: %s; want %s 0", path[1], status, body, where)
			}
		}
	}
}
