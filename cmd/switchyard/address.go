package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"switchyard/internal/apiclient"
	"switchyard/internal/command"
	"switchyard/internal/config"
)

const (
	addressVariable = "SWITCHYARD_API"
	tokenVariable   = "SWITCHYARD_TOKEN"
	addressFlag     = "--api"
)

// apiFlags name the HTTP API on the command line. A token is not among them: others on the machine
// see the command line.
type apiFlags struct {
	API       *string `name:"api" help:"Work through the HTTP API at this address, and not on Redis; the token is in SWITCHYARD_TOKEN. SWITCHYARD_API says the same. Empty: on Redis." placeholder:"URL"`
	TokenFile string  `help:"File with the token for the HTTP API, in place of SWITCHYARD_TOKEN." placeholder:"FILE"`
}

// apiAddress is where the HTTP API is and what it is asked with.
type apiAddress struct {
	url       string // "": there is none, and the command works on Redis
	from      string // the flag or the variable that says so
	tokenFile string
}

// address returns which API is meant. A flag wins over a variable, also the one that names Redis.
func (f apiFlags) address(redis *string) (apiAddress, error) {
	a := apiAddress{tokenFile: f.TokenFile}
	switch {
	case f.API != nil && *f.API != "" && redis != nil:
		return a, fmt.Errorf("%s and %s are both given: leave one out", addressFlag, config.RedisFlag)
	case f.API != nil:
		a.url, a.from = *f.API, addressFlag
	case redis == nil:
		a.url, a.from = os.Getenv(addressVariable), addressVariable
	}
	if a.url == "" && f.TokenFile != "" {
		return a, fmt.Errorf("--token-file is for the HTTP API: give its address with %s or %s", addressFlag, addressVariable)
	}
	return a, nil
}

// maxTokenFile bounds what is read of a file with a token, in bytes.
const maxTokenFile = 4 << 10

// token returns the token, "" if there is none.
func (a apiAddress) token() (string, error) {
	from, token := tokenVariable, os.Getenv(tokenVariable)
	if a.tokenFile != "" {
		text, err := readToken(a.tokenFile)
		if err != nil {
			return "", fmt.Errorf("--token-file: %w", err)
		}
		from, token = "--token-file", text
	}
	if err := apiclient.CheckToken(token); err != nil {
		return "", fmt.Errorf("%s: %w", from, err)
	}
	return token, nil
}

// readToken returns the token that is in a file, alone but for white space around it.
func readToken(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxTokenFile+1))
	if err != nil {
		return "", err
	}
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return "", fmt.Errorf("%s is empty: write the line into it that switchyard token make has printed", path)
	}
	return string(text), nil
}

// blame names what has given the address.
func (a apiAddress) blame(err error) error { return fmt.Errorf("%s: %w", a.from, err) }

// local is asked for by commands that work on Redis itself, or on this machine's configuration, and
// not through the HTTP API.
type local struct{ *config.Flags }

// providers make what the commands ask for. A command that works through the API asks for a
// connection, one that does not for a local, and a daemon for the flags of the configuration.
func (c *cli) providers() []any {
	return []any{
		func() (*connection, error) {
			address, err := c.address(c.Redis)
			return &connection{c.Flags, address}, command.With(command.Wrong, err)
		},
		func(k *kong.Context) (*local, error) {
			address, err := c.address(c.Redis)
			if err == nil && address.url != "" {
				err = notThere(command.Path(k.Selected()), address.from)
			}
			return &local{&c.Flags}, command.With(command.Wrong, err)
		},
		func() (*config.Flags, error) {
			if c.API != nil || c.TokenFile != "" {
				return nil, command.With(command.Wrong, errors.New("--api and --token-file are for commands: a daemon works on Redis, so leave them out"))
			}
			return &c.Flags, nil
		},
	}
}

// notThere says that a command does not work through the API.
func notThere(path, from string) error {
	remedy := "leave it out"
	if from == addressVariable {
		remedy = fmt.Sprintf("unset it, or add %s= for this once", addressFlag)
	}
	return fmt.Errorf("switchyard %s does not work through the HTTP API, which %s names: it needs Redis or the configuration of this machine: %s", path, from, remedy)
}
