package chart

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// freeAddress returns an address of loopback on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// users are those of Redis in the values, with the passwords of testdata/secrets.yaml.
var users = map[string]string{"switchyard": "p-all", "worker": "p-worker", "scheduler": "p-scheduler", "monitor": "p-monitor"}

// rules returns the rights of the role of that name, or of whoever has no role.
func rules(t *testing.T, bin, name string) []string {
	t.Helper()
	args := []string{"config", "acl", "--json"}
	if name != "switchyard" {
		args = append(args, "--role", name)
	}
	out, err := exec.Command(filepath.Join(bin, "switchyard"), args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	if err := json.Unmarshal(out, &rules); err != nil {
		t.Fatal(err)
	}
	return rules
}

// startRedis starts a private redis-server that has the users, with the rights of their roles that `switchyard
// config acl` prints and no others. It returns its address when it answers.
func startRedis(t *testing.T, bin string) string {
	t.Helper()
	list := "user default on nopass ~* &* +@all\n"
	for name, password := range users {
		list += fmt.Sprintf("user %s on >%s %s\n", name, password, strings.Join(rules(t, bin, name), " "))
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "users.acl")
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	server := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--aclfile", file)
	pipe, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			return address
		}
	}
	t.Fatal("redis-server ended before it was ready")
	return ""
}
