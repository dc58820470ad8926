package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"switchyard/internal/command"
	"switchyard/internal/monitor"
)

type passwordCommand struct{}

// Run implements the command. The password comes by standard input: an argument could
// be read by everybody on the machine.
func (passwordCommand) Run(out *command.Output) error {
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && line == "" {
		return fmt.Errorf("read the password from standard input: %w", err)
	}
	hash, err := monitor.HashPassword(strings.TrimRight(line, "\r\n"))
	if err != nil {
		return err
	}
	return out.Say(map[string]string{"hash": hash}, "%s", hash)
}
