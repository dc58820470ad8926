package program

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nobody is a user that owns nothing.
const nobody = "65534:65534"

// asNobody has a command run as such a user, which only root can do.
func asNobody(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	needRoot(t)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can run programs as other users")
	}
}

// ofTest returns the test binary in another role, in a place where every user finds it.
func ofTest(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	dir, err := os.MkdirTemp("", "program-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	raw, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = errors.Join(os.Chmod(dir, 0o755), os.WriteFile(filepath.Join(dir, "role"), raw, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "role"))
	cmd.Env = []string{roleVariable + "=" + role, "PATH=" + os.Getenv("PATH")}
	return cmd
}

func TestAProgramHasNoPrivilegesAndGetsNone(t *testing.T) {
	for _, user := range []string{"", nobody} {
		if user != "" && os.Geteuid() != 0 {
			continue
		}
		got, err := run(t, Bounds{User: user}, `grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs)' /proc/self/status | tr -d '\t\n'`)
		const none = "0000000000000000"
		if want := "CapInh:" + none + "CapPrm:" + none + "CapEff:" + none + "CapAmb:" + none + "NoNewPrivs:1"; err != nil || got != want {
			t.Errorf("user %q: %q, %v; want %q", user, got, err, want)
		}
	}
}

func TestAProgramRunsAsItsUser(t *testing.T) {
	needRoot(t)
	got, err := run(t, Bounds{User: nobody, OwnDir: true}, `id -u; id -g; id -G; stat -c '%u %g %a' .; touch here && ls`)
	if want := "65534\n65534\n65534\n65534 65534 700\nhere"; err != nil || got != want {
		t.Errorf("it is and has %q, %v; want %q", got, err, want)
	}
	if got, err := run(t, Bounds{User: "daemon"}, "id -un; id -Gn"); err != nil || got != "daemon\ndaemon" {
		t.Errorf("it is %q, %v; want daemon", got, err)
	}
}

func TestAUserThatCannotBeIsRefused(t *testing.T) {
	for user, want := range map[string]string{
		"no-such-user":        `user "no-such-user": this system has no user "no-such-user": create it, or name another`,
		"4000000":             `user "4000000": this system does not list 4000000: say its group, too, as 4000000:GROUP`,
		"root:no-such-group":  `user "root:no-such-group": this system has no group "no-such-group": create it, or name another`,
		"4294967295:0":        `user "4294967295:0": this system has no user "4294967295": create it, or name another`,
		"99999999999999999:1": `user "99999999999999999:1": this system has no user "99999999999999999": create it, or name another`,
	} {
		if err := (Bounds{User: user}).CheckHere(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	for _, user := range []string{":", ":root", "root:", "root:root:root"} {
		if err := (Bounds{User: user}).Check("x", ""); err == nil || err.Error() != fmt.Sprintf("user %q: give name or name:group", user) {
			t.Errorf("user %q: error %v", user, err)
		}
	}
}

// beChecker checks bounds as whoever it is.
func beChecker() {
	fmt.Println(Bounds{User: "0:0"}.CheckHere())
	fmt.Println(Bounds{User: nobody}.CheckHere())
}

func TestAUserThatTheWorkerMayNotBecomeIsRefused(t *testing.T) {
	cmd := ofTest(t, "check")
	asNobody(t, cmd)
	out, err := cmd.Output()
	const want = "user \"0:0\": this process runs as user 65534 without CAP_SETUID: run the worker as root or with CAP_SETUID, CAP_SETGID, CAP_KILL and CAP_CHOWN, or leave user out\n<nil>\n"
	if err != nil || string(out) != want {
		t.Errorf("%s, %v; want %s", out, err, want)
	}
}

// beConcealed holds a secret in its environment until its input ends.
func beConcealed() {
	if os.Getenv("CONCEAL") != "" {
		if err := Conceal(); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println("ready")
	_, _ = os.Stdin.Read(make([]byte, 1))
}

// TestAConcealedProcessKeepsItsEnvironment has a process of the same user look, which has no
// privileges and is in no domain of Landlock.
func TestAConcealedProcessKeepsItsEnvironment(t *testing.T) {
	for conceal, want := range map[string]string{"": "SECRET=hush-hush", "yes": "Permission denied"} {
		cmd := ofTest(t, "concealed")
		asNobody(t, cmd)
		cmd.Env = append(cmd.Env, "SECRET=hush-hush", "CONCEAL="+conceal)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if n, err := out.Read(make([]byte, 64)); n != len("ready\n") {
			t.Fatalf("%d bytes, %v; want it ready", n, err)
		}
		look := exec.Command("cat", "/proc/"+strconv.Itoa(cmd.Process.Pid)+"/environ")
		asNobody(t, look)
		seen, _ := look.CombinedOutput()
		if !strings.Contains(string(seen), want) {
			t.Errorf("concealed %q: it shows %q, want %s", conceal, seen, want)
		}
		_ = in.Close()
		_ = cmd.Wait()
	}
}

func TestLimitsHold(t *testing.T) {
	for name, tc := range map[string]struct {
		limits       Limits
		script, want string
		err          string
	}{
		"cpu":           {Limits{CPU: time.Second}, "while :; do :; done", "", "signal: CPU time limit exceeded: raise limits.cpu, or do less"},
		"cpu, stubborn": {Limits{CPU: time.Second}, "trap '' XCPU; while :; do :; done", "", "signal: killed"},
		"files":         {Limits{Files: 20}, "ulimit -Sn; ulimit -Hn", "20\n20", "<nil>"},
		"file size":     {Limits{FileSize: 1000}, "exec head -c 5000 /dev/zero > $(mktemp)", "", "signal: file size limit exceeded: raise limits.file_size, or write less"},
		"address space": {Limits{AddressSpace: 1 << 30}, "ulimit -Hv", "1048576", "<nil>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			if got, err := run(t, Bounds{Limits: tc.limits}, tc.script); got != tc.want || fmt.Sprint(err) != tc.err {
				t.Errorf("%q, %v; want %q, %s", got, err, tc.want, tc.err)
			}
		})
	}
}

func TestProcessesOfAUserAreLimited(t *testing.T) {
	needRoot(t)
	got, _ := run(t, Bounds{User: "64999:64999", Limits: Limits{Processes: 5}}, "for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & echo $i; done")
	if !strings.Contains(got, "fork") || strings.Contains(got, "9") {
		t.Errorf("it said %q, want no process beyond the fifth", got)
	}
}

func TestBoundsThatSayNothingTrueAreRefused(t *testing.T) {
	for _, tc := range []struct {
		bounds Bounds
		dir    string
		want   string
	}{
		{Bounds{Limits: Limits{CPU: time.Millisecond}}, "", "limits.cpu is 1ms: use whole seconds, such as 30s"},
		{Bounds{Limits: Limits{Files: -1}}, "", "limits.files is -1: use 1 or more, or leave it out"},
		{Bounds{Limits: Limits{Processes: 1}}, "", "limits.processes is given without user: it counts all processes of a user, so give the program one of its own"},
		{Bounds{OwnDir: true}, "x", `dir "x" and own_dir are both given: leave one out`},
		{Bounds{Allow: Allow{Write: []string{"x"}}}, "", `allow: path "x": give an absolute one`},
	} {
		if err := tc.bounds.Check("program", tc.dir); err == nil || err.Error() != tc.want {
			t.Errorf("error %v, want %s", err, tc.want)
		}
	}
	if err := (Bounds{OwnDir: true}).Check("bin/program", ""); err == nil || err.Error() != `command "bin/program" is relative, and own_dir is an empty directory: give the whole path` {
		t.Errorf("error %v", err)
	}
	if err := (Bounds{Allow: Allow{Read: []string{"/no/such"}}}).CheckHere(); err == nil || err.Error() != "allow.read: stat /no/such: no such file or directory" {
		t.Errorf("error %v", err)
	}
}
