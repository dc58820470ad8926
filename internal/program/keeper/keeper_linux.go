package keeper

import (
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// self is this binary, also when its file has been replaced meanwhile.
const self = "/proc/self/exe"

func init() {
	if len(os.Args) == 0 {
		return
	}
	switch os.Args[0] {
	case Marker:
		keep(os.Args[1:])
		end(0)
	case entryMarker:
		enter(os.Args[1:])
	}
}

// end ends this process at once. [os.Exit] may do more: with the race detector it waits for a
// second, and the worker with it.
func end(code uintptr) { _, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, code, 0, 0) }

// What an entry finds open beside its program's standard files.
const (
	startFile      = 3 // it says there what failed
	entryRulesFile = 4 // a Landlock ruleset, if the order has one
)

// keep starts the program and stays until nothing is left of it.
func keep(args []string) {
	order, _, _, unreadable := readOrder(args)
	syscall.CloseOnExec(ReportFile)
	syscall.CloseOnExec(LeashFile)
	if order.Rules {
		syscall.CloseOnExec(RulesFile)
	}
	k := keeper{report: os.NewFile(ReportFile, "report"), woken: make(chan os.Signal, 1), asked: make(chan struct{}, 1), released: make(chan struct{})}
	// Caught, not ignored: what is ignored would be so in the program, too.
	signal.Notify(k.woken, syscall.SIGCHLD)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGPIPE)
	if unreadable != nil {
		k.tell(Failed, strconv.Quote("0 "+unreadable.Error()))
		return
	}
	// Nothing that it runs may read or change its memory; being killed is all that it fears.
	for option, value := range map[int]uintptr{syscall.PR_SET_DUMPABLE: 0, prSetChildSubreaper: 1} {
		if errno := prctl(option, value); errno != 0 {
			k.tell(Failed, strconv.Quote(strconv.Itoa(int(errno))+" prctl "+strconv.Itoa(option)))
			return
		}
	}
	started, err := k.start(order.Rules, args)
	if err != nil {
		k.tell(Failed, strconv.Quote(strconv.Itoa(int(number(err)))+" start the entry"))
		return
	}
	go k.holdLeash()
	k.follow(started)
}

// keeper is the process that watches over a program. All its fields belong to the goroutine
// that follows the program, which alone reaps: so it never signals a number that has been
// given anew.
type keeper struct {
	report   *os.File
	woken    chan os.Signal // a child has ended
	asked    chan struct{}  // the program is to be asked to stop
	released chan struct{}  // closed when the worker has let go
	program  int            // its process, 0 once it is reaped
	status   syscall.WaitStatus
}

// tell writes a line of the report. A worker that is gone reads none.
func (k *keeper) tell(what, more string) {
	_, _ = k.report.WriteString(what + " " + more + "\n")
}

// tellStart tells how the start went: what failed, or "".
func (k *keeper) tellStart(failure string) {
	if failure != "" {
		k.tell(Failed, strconv.Quote(failure))
		return
	}
	k.tell(Started, "")
}

// start starts the entry, and returns what says how its start went: the entry's error, or "".
func (k *keeper) start(rules bool, args []string) (<-chan string, error) {
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC); err != nil {
		return nil, err
	}
	files := []uintptr{0, 1, 2, uintptr(pipe[1])} // startFile is the last
	if rules {
		files = append(files, RulesFile) // entryRulesFile
	}
	pid, err := syscall.ForkExec(self, append([]string{entryMarker, strconv.Itoa(os.Getpid())}, args...), &syscall.ProcAttr{
		Env: os.Environ(), Files: files,
		// A group of its own, which can be asked to stop. It dies with the keeper, whose main
		// thread this is.
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return nil, err
	}
	k.program = pid
	_ = syscall.Close(pipe[1])
	if rules {
		_ = syscall.Close(RulesFile)
	}
	k.letGo()
	said := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(os.NewFile(uintptr(pipe[0]), "start")) // it ends with the exec
		said <- string(text)
	}()
	return said, nil
}

// letGo closes the program's standard files here, so that they end when the program and what
// it starts have closed them.
func (k *keeper) letGo() {
	if null, err := syscall.Open(os.DevNull, syscall.O_RDWR|syscall.O_CLOEXEC, 0); err == nil {
		for file := range 3 {
			_ = syscall.Dup3(null, file, 0)
		}
	}
}

// holdLeash passes on what the worker asks, until the worker lets go or is gone.
func (k *keeper) holdLeash() {
	leash, one := os.NewFile(LeashFile, "leash"), make([]byte, 1)
	for {
		if n, err := leash.Read(one); n == 0 || err != nil {
			close(k.released)
			return
		}
		select {
		case k.asked <- struct{}{}:
		default: // it will be
		}
	}
}

// follow follows the program to its end, and kills what is left.
func (k *keeper) follow(started <-chan string) {
	for k.program != 0 {
		select {
		case failure := <-started:
			k.tellStart(failure)
			started = nil
		case <-k.woken:
			k.reap()
		case <-k.asked:
			_ = syscall.Kill(-k.program, syscall.SIGTERM) // it may have left its group
		case <-k.released:
			_ = syscall.Kill(k.program, syscall.SIGKILL)
			k.await()
		}
	}
	if started != nil {
		k.tellStart(<-started)
	}
	k.clear()
	k.tell(Ended, strconv.Itoa(int(k.status)))
}
