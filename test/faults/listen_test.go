package faults

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// listen takes the workers' records into l until the test ends, and returns the socket.
// By then every worker must have ended.
func (l *ledger) listen(t *testing.T) (socket string) {
	t.Helper()
	// Not t.TempDir: the name of a socket has at most some 100 bytes.
	dir, err := os.MkdirTemp("", "faults")
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "record")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { l.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
		_ = os.RemoveAll(dir)
	})
	return socket
}

// serve answers one connection until it closes.
func (l *ledger) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	number := 0
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		verb, rest, _ := strings.Cut(lines.Text(), " ")
		answer := "ok"
		switch first, second, _ := strings.Cut(rest, " "); verb {
		case "hello":
			l.greet(first, second)
		case "begin":
			number = l.begin(first, second)
			answer = fmt.Sprint(number)
		case "end", "cut":
			l.close(number, map[string]ending{"end": ended, "cut": cut}[verb], rest)
			number = 0
		}
		if _, err := fmt.Fprintln(conn, answer); err != nil {
			break // a worker killed in the middle
		}
	}
	if number > 0 {
		l.close(number, broken, "")
	}
}
