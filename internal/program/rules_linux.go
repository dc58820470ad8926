package program

import (
	"errors"
	"fmt"
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	access "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// The versions of Landlock's interface that have what is asked for, and the kernels that
// have those. Before the third one a file could be emptied in spite of the rules.
const (
	abiPaths, kernelPaths = 3, "6.2"
	abiPorts, kernelPorts = 4, "6.7"
)

// devices are those that every program may use, and that hold nothing.
var devices = []string{"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"}

// newRules returns a Landlock ruleset for a program whose own directory is dir, "" for none,
// and the flags to keep to it with. It is nil if the kernel has no Landlock, which bounds that
// need it do not accept.
//
// Every ruleset makes a domain, out of which no process can be traced: neither its memory nor
// its environment in /proc can be read, whoever owns it. The making of block devices is what
// a ruleset forbids that has nothing else to forbid.
func newRules(a Allow, dir string) (*os.File, uint64, error) {
	if err := a.checkKernel(); err != nil {
		return nil, 0, err
	}
	config := landlock.Config{HandledAccessFS: access.AccessFSMakeBlock, Scoped: access.ScopeSignal}
	var rules []landlock.Rule
	if a.paths() {
		config.HandledAccessFS = landlock.V5.HandledAccessFS
		paths, err := a.pathRules(dir)
		if err != nil {
			return nil, 0, err
		}
		rules = append(rules, paths...)
	}
	if a.ports() {
		config.Scoped |= access.ScopeAbstractUnixSocket
		rules = append(rules, a.portRules(&config)...)
	}
	fd, flags, err := config.BestEffort().NewRulesetFD(rules...)
	if err != nil {
		return nil, 0, fmt.Errorf("landlock: %w", err)
	}
	if fd < 0 {
		return nil, 0, nil
	}
	return os.NewFile(uintptr(fd), "landlock"), uint64(flags), nil
}

// landlockVersion returns the version of the kernel's Landlock, 0 if it has none: it is not
// built in, not switched on, or forbidden by a container.
func landlockVersion() int {
	abi, err := access.LandlockGetABIVersion()
	if err != nil {
		return 0
	}
	return abi
}

// checkKernel reports that the kernel cannot keep a program to what is allowed.
func (a Allow) checkKernel() error {
	abi := landlockVersion()
	var errs []error
	if a.paths() && abi < abiPaths {
		errs = append(errs, fmt.Errorf("allow.read and allow.write need Landlock of version %d, and the kernel has %d (0: none): use Linux %s or later with landlock in its lsm list, or leave them out", abiPaths, abi, kernelPaths))
	}
	if a.ports() && abi < abiPorts {
		errs = append(errs, fmt.Errorf("allow.connect and allow.listen need Landlock of version %d, and the kernel has %d (0: none): use Linux %s or later with landlock in its lsm list, or leave them out", abiPorts, abi, kernelPorts))
	}
	return errors.Join(errs...)
}

func (a Allow) pathRules(dir string) ([]landlock.Rule, error) {
	rules := []landlock.Rule{landlock.RWFiles(devices...).IgnoreIfMissing()}
	if dir != "" {
		rules = append(rules, landlock.RWDirs(dir).WithRefer())
	}
	for _, part := range []struct {
		key         string
		paths       []string
		files, dirs func(...string) landlock.FSRule
	}{
		{"allow.read", a.Read, landlock.ROFiles, landlock.RODirs},
		{"allow.write", a.Write, landlock.RWFiles, func(paths ...string) landlock.FSRule { return landlock.RWDirs(paths...).WithRefer() }},
	} {
		for _, path := range part.paths {
			info, err := os.Stat(path)
			switch {
			case err != nil:
				return nil, fmt.Errorf("%s: %w", part.key, err)
			case info.IsDir():
				rules = append(rules, part.dirs(path))
			default:
				rules = append(rules, part.files(path))
			}
		}
	}
	return rules, nil
}

// portRules adds the kinds of access that are bounded to a configuration.
func (a Allow) portRules(config *landlock.Config) []landlock.Rule {
	var rules []landlock.Rule
	if a.Connect != nil {
		config.HandledAccessNet |= access.AccessNetConnectTCP
		for _, port := range *a.Connect {
			rules = append(rules, landlock.ConnectTCP(port))
		}
	}
	if a.Listen != nil {
		config.HandledAccessNet |= access.AccessNetBindTCP
		for _, port := range *a.Listen {
			rules = append(rules, landlock.BindTCP(port))
		}
	}
	return rules
}
