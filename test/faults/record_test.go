package faults

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// A recorder is a worker's side of the record. Each attempt has a connection of its own,
// on which the worker speaks one line at a time and waits for the answer:
//
//	begin <worker> <task>     -> the attempt's number
//	end                       -> ok
//	cut <cause>               -> ok
//
// One more connection says where the worker listens, and stays open for its whole life:
//
//	hello <worker> <address>  -> ok
type recorder struct{ socket, worker string }

// recording is an attempt, as its handler sees it.
type recording struct {
	conn   net.Conn
	lines  *bufio.Scanner
	number int
}

// say says a line and returns the answer. A worker whose record is gone ends at once: the
// test that started it is over.
func (r *recording) say(line string) string {
	if _, err := fmt.Fprintln(r.conn, line); err != nil || !r.lines.Scan() {
		fmt.Fprintln(os.Stderr, "the record is gone")
		os.Exit(1)
	}
	return r.lines.Text()
}

func (r recorder) begin(task string) *recording {
	conn, err := net.Dial("unix", r.socket)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the record is gone:", err)
		os.Exit(1)
	}
	a := &recording{conn: conn, lines: bufio.NewScanner(conn)}
	a.number, err = strconv.Atoi(a.say("begin " + r.worker + " " + task))
	if err != nil {
		fmt.Fprintln(os.Stderr, "the record speaks nonsense:", err)
		os.Exit(1)
	}
	return a
}

func (r *recording) end()            { r.say("end") }
func (r *recording) cut(cause error) { r.say("cut " + strings.ReplaceAll(cause.Error(), "\n", " ")) }
func (r *recording) close()          { _ = r.conn.Close() }

// greet says where the worker listens, and ends the process when the test process does.
func greet(socket, worker, address string) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return fmt.Errorf("greet the record: %w", err)
	}
	hello := &recording{conn: conn, lines: bufio.NewScanner(conn)}
	hello.say("hello " + worker + " " + address)
	go func() {
		for hello.lines.Scan() {
		}
		os.Exit(1)
	}()
	return nil
}
