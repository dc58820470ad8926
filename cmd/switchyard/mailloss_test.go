package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"switchyard/test/redistest"
)

// slowMail is a mail server that takes a mail and answers when it is let.
type slowMail struct {
	taken  chan string   // what has arrived whole
	answer chan struct{} // closed when it may answer
}

func (m *slowMail) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }
func (m *slowMail) Mail(string, *smtp.MailOptions) error        { return nil }
func (m *slowMail) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (m *slowMail) Reset()                                      {}
func (m *slowMail) Logout() error                               { return nil }

func (m *slowMail) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m.taken <- string(text)
	<-m.answer
	return nil
}

// listen serves mail on a port of loopback until the test ends.
func (m *slowMail) listen(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(m)
	server.ErrorLog = log.New(io.Discard, "", 0) // a worker that is killed is none of its errors
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // until it is closed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return listener.Addr().String()
}

// TestAMailWhoseWorkerIsKilledIsNotSentTwice kills a worker when the server has all of a mail and has
// not answered. The next attempt asks a person, who has it settled or sent again.
func TestAMailWhoseWorkerIsKilledIsNotSentTwice(t *testing.T) {
	post := &slowMail{taken: make(chan string, 5), answer: make(chan struct{})}
	redis := redistest.Server(t)
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := fmt.Sprintf("redis: {url: redis://%s/0}\nagents: {ranker: {runtime: rank}}\nbriefings: {agent: ranker, url: https://briefings.example}\nemail: {server: %q, tls: none, from: briefings@example.org}\n", redis.Addr, post.listen(t))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(filepath.Join(binaries, "switchyard"), append([]string{"--config", file}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
		return string(out)
	}
	work := func() *exec.Cmd { return startWorker(t, os.Environ(), "--config", file) }

	run("user", "set", "ada", "--topic", "tides", "--channel", "email", "--email", "ada@example.org")
	run("enqueue", "briefing_generate", `{"user":"ada"}`, "--id", "b1")
	first := work()
	mail := <-post.taken
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait()
	close(post.answer)
	if !strings.Contains(mail, "ada@example.org") {
		t.Fatalf("the mail says %q", mail)
	}

	work()
	doubts := ""
	for deadline := time.Now().Add(awaitAtMost); !strings.Contains(doubts, "b1"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nobody is asked about the mail: %q", doubts)
		}
		doubts = run("briefing", "doubts")
	}
	if !strings.Contains(doubts, "the worker was lost while it delivered") || len(post.taken) != 0 {
		t.Errorf("%d more mails, doubts %q", len(post.taken), doubts)
	}
	run("briefing", "again", "b1", "email")
	if again := <-post.taken; headerOf(again, "Message-ID") != headerOf(mail, "Message-ID") || headerOf(mail, "Message-ID") == "" {
		t.Errorf("the second mail has another ID:\n%s\nthan the first:\n%s", again, mail)
	}
}

// headerOf returns the line of a mail's header.
func headerOf(mail, name string) string {
	for line := range strings.Lines(mail) {
		if strings.HasPrefix(strings.ToLower(line), strings.ToLower(name)+":") {
			return line
		}
	}
	return ""
}
