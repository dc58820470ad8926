package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"switchyard/test/redistest"
)

// runDev runs switchyard dev until it says that Ctrl-C stops it, asks look to look
// around, stops it by a signal, and returns all it said.
func runDev(t *testing.T, stop syscall.Signal, look func(said string), args ...string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(binaries, "switchyard"), append([]string{"dev", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	var said strings.Builder
	for s := bufio.NewScanner(out); s.Scan(); {
		fmt.Fprintln(&said, s.Text())
		if s.Text() == "Ctrl-C stops." {
			look(said.String())
			if err := cmd.Process.Signal(stop); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("dev ended with %v after:\n%s", err, said.String())
	}
	if !strings.HasSuffix(said.String(), "\nStopped.\n") {
		t.Errorf("dev did not stop cleanly:\n%s", said.String())
	}
	return said.String()
}

// monitorOf returns the monitor's address from what dev said.
func monitorOf(said string) string {
	_, rest, _ := strings.Cut(said, "Monitor: ")
	url, _, _ := strings.Cut(rest, " ")
	return url
}

func TestDevBriefsFromTheDocumentationOnAnEmbeddedRedis(t *testing.T) {
	said := runDev(t, syscall.SIGINT, func(said string) {
		monitor := monitorOf(said)
		for path, want := range map[string]string{
			"":                               "asynqmon",
			"briefings/":                     "Briefing for you",
			"schedule/":                      "source:docs",
			"asynqmon/api/queues":            `"queue":"scraping"`,
			"asynqmon/api/scheduler_entries": "briefing:you",
			"readyz":                         "lanes: ok",
			"metrics":                        "switchyard_attempts_ended_total",
		} {
			// asynqmon is shown the schedule every few seconds, and tells nobody.
			body := get(monitor + path)
			for deadline := time.Now().Add(awaitAtMost); !strings.Contains(body, want) && time.Now().Before(deadline); body = get(monitor + path) {
				time.Sleep(20 * time.Millisecond)
			}
			if !strings.Contains(body, want) {
				t.Errorf("/%s lacks %q:\n%.500s", path, want, body)
			}
		}
	})
	for _, want := range []string{"embedded Redis", "/docs/feed.atom", "page 1 of", "Briefing for you, ", "/docs/scheduling", "why: "} {
		if !strings.Contains(said, want) {
			t.Errorf("dev did not say %q:\n%s", want, said)
		}
	}
}

func TestDevLeavesTheRedisOfTheEnvironmentAlone(t *testing.T) {
	for _, variable := range []string{"SWITCHYARD_REDIS_URL", "REDIS_URL"} {
		server := redistest.Server(t)
		t.Setenv("SWITCHYARD_REDIS_URL", "")
		t.Setenv(variable, "redis://ada:secret@"+server.Addr+"/0?protocol=2")
		said := runDev(t, syscall.SIGINT, func(string) {})
		want := "Redis: an embedded Redis, which forgets everything when this ends. redis://(hidden)@" + server.Addr + "/0?protocol=(hidden), which " + variable + " names, is left alone: give it with --redis to use it.\n"
		if !strings.Contains(said, want) {
			t.Errorf("dev did not say %q:\n%s", want, said)
		}
		if keys := redistest.Client(t, server.Addr).Keys(t.Context(), "*").Val(); len(keys) > 0 {
			t.Errorf("%s: dev wrote %q", variable, keys)
		}
	}
}

func TestDevBriefsFromGivenSourcesOnAGivenRedis(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/page" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, `<html lang="en"><title>Tulips in spring</title><body><article><h1>Tulips in spring</h1>
<p>Tulips want cold winters, and they reward the patient gardener with flowers in every colour once the days grow long.</p>
<p>Plant the bulbs three times as deep as they are tall, and water them well before the first frost comes in autumn.</p></article></body></html>`)
	}))
	defer site.Close()
	server := redistest.Server(t)
	said := runDev(t, syscall.SIGTERM, func(string) {}, "--redis", "redis://"+server.Addr,
		"--source", site.URL+"/page", "--source", site.URL+"/missing", "--topic", "tulips")
	for _, want := range []string{"Redis: redis://" + server.Addr + ", as --redis says. It gets the user \"you\", their schedule and their briefing.\n", "Tulips in spring", "three times as deep", "found today, on tulips: in the title and in one passage", "404"} {
		if !strings.Contains(said, want) {
			t.Errorf("dev did not say %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, "embedded") {
		t.Errorf("an embedded Redis beside the given one:\n%s", said)
	}
	if n := redistest.Client(t, server.Addr).DBSize(t.Context()).Val(); n == 0 {
		t.Error("the given Redis is empty")
	}
}
