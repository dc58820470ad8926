package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"switchyard/internal/redact"
)

// Program is what a binary offers on its command line.
type Program struct {
	Name, Description string
	// Grammar is a pointer to a struct as kong reads it, which embeds [Common].
	Grammar Grammar
	// Bind are values that the commands' Run methods ask for.
	Bind []any
	// Provide are functions that make such values, or say why there are none. They may ask for
	// others, such as the [kong.Context].
	Provide []any

	out *Output
}

// Grammar is a struct that embeds [Common].
type Grammar interface{ common() *Common }

// textOnly is the tag of commands that have nothing to say to programs.
const textOnly = "textonly"

// Common is what every command line has.
type Common struct {
	JSON bool `name:"json" help:"Print what is asked for as JSON. Errors stay text, on standard error."`

	Version versionFlag `help:"Print the version."`

	PrintVersion versionCommand    `cmd:"" name:"version" help:"Print the version, and what it was built from."`
	Completion   completionCommand `cmd:"" textonly:"" help:"Print what makes a shell complete this command: see the manual page."`
	Man          manCommand        `cmd:"" textonly:"" help:"Print the manual page, to be read with man -l or kept as a file."`
	Complete     completeCommand   `cmd:"" hidden:""`
}

func (c *Common) common() *Common { return c }

// stop is what a hook returns that does something in place of what was asked for.
type stop struct{ do func() error }

// Error implements error.
func (stop) Error() string { return "stop" }

// Main reads args, the command line without the program's name, and does what they say. It
// returns the exit status, and has told the error, if any, on standard error: in one style, with
// what to do about it.
func (p *Program) Main(args []string) int {
	parser, err := p.parser()
	if err != nil {
		panic(err) // the grammar is wrong, whatever the arguments
	}
	parsed, err := parser.Parse(args)
	var instead stop
	switch {
	case errors.As(err, &instead):
		err = instead.do()
	case err != nil:
		err = With(Wrong, errors.New(inWords(err)+hint(p.Name, err)))
	case p.Grammar.common().JSON && parsed.Selected() != nil && parsed.Selected().Tag.Has(textOnly):
		err = With(Wrong, fmt.Errorf("--json: %s prints text alone: leave the flag out", commandPath(p.Name, parsed.Selected())))
	default:
		p.out.JSON = p.Grammar.common().JSON
		err = parsed.Run()
	}
	if err != nil {
		parser.Errorf("%s", strings.TrimSpace(err.Error()))
	}
	return StatusOf(err)
}

// parser returns what reads the command line. Its secrets are left out of what it prints.
func (p *Program) parser() (*kong.Kong, error) {
	if p.out == nil {
		p.out = newOutput()
	}
	options := append([]kong.Option{
		kong.Name(p.Name),
		kong.Description(p.Description),
		kong.Writers(p.out, redact.Process.Log(os.Stderr)),
		kong.Bind(p, p.out),
		kong.BindTo(p.out, (*io.Writer)(nil)),
		kong.Bind(p.Bind...),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	}, values()...)
	for _, provider := range p.Provide {
		options = append(options, kong.BindToProvider(provider))
	}
	return kong.New(p.Grammar, options...)
}

// hint tells where to read on about a command line that is wrong.
func hint(name string, err error) string {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context != nil {
		if node := wrong.Context.Selected(); node != nil {
			name = commandPath(name, node)
		}
	}
	return fmt.Sprintf("\nRun \"%s --help\" for what it takes.", name)
}

// Path is how a command is called, without its arguments and the name of the program.
func Path(node *kong.Node) string { return strings.TrimPrefix(commandPath("", node), " ") }

// commandPath is how a command is called, without its arguments.
func commandPath(program string, node *kong.Node) string {
	path := ""
	for ; node != nil && node.Type != kong.ApplicationNode; node = node.Parent {
		path = " " + node.Name + path
	}
	return program + path
}
