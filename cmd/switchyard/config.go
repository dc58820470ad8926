package main

import (
	"fmt"
	"io"

	"switchyard/internal/app"
	"switchyard/internal/config"
)

type configCommand struct {
	Check configCheck `cmd:"" help:"Say whether the configuration is valid, and what is wrong."`
	Print configPrint `cmd:"" help:"Print the whole configuration, secrets hidden."`
}

type configCheck struct{}

// Run implements the command. It needs no Redis.
func (configCheck) Run(f *config.Flags, out io.Writer) error {
	c, err := f.Load(nil)
	if err != nil {
		return err
	}
	if err := app.Check(c); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "The configuration is valid.")
	return err
}

type configPrint struct{}

// Run implements the command. It needs no Redis.
func (configPrint) Run(f *config.Flags, out io.Writer) error {
	c, err := f.Load(nil)
	if err != nil {
		return err
	}
	text, err := c.Print()
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(out, text)
	return err
}
