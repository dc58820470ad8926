package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type manCommand struct{}

// Run implements the command.
func (manCommand) Run(p *Program, out *Output) error {
	parser, err := p.parser()
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, manPage(parser.Model, p))
	return err
}

// statuses are the exit statuses as the manual page has them.
var statuses = []string{
	Done:        "It has done what it was asked.",
	Failed:      "It has failed.",
	Wrong:       "The command line or the configuration is wrong, or the address of the HTTP API or the token.",
	NotFound:    "What it names is not there.",
	Refused:     "It was turned down: nothing was changed, or only a part.",
	Unavailable: "Redis is away, refuses the login, or takes no writes; or the HTTP API does not answer.",
	TimedOut:    "What it waited for has not come in time.",
}

// manPage writes the grammar as a page for man.
func manPage(app *kong.Application, p *Program) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" %s Switchyard\n.SH NAME\n%s \\- %s\n", roff(strings.ToUpper(p.Name)), roff(ThisVersion().Release), roff(p.Name), roff(p.Description))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n%s\n", roff(p.Name), roff("[flags] [command]"))
	b.WriteString(".SH FLAGS\n")
	manFlags(&b, app.Flags)
	b.WriteString(".SH COMMANDS\n")
	for _, leaf := range app.Leaves(true) {
		manCommandOf(&b, p.Name, leaf)
	}
	b.WriteString(".SH EXIT STATUS\n")
	for status, means := range statuses {
		fmt.Fprintf(&b, ".TP\n.B %d\n%s\n", status, roff(means))
	}
	fmt.Fprintf(&b, ".SH COMPLETION\nAdd this to what your shell reads at its start, with the name of the shell, bash, zsh or fish:\n.PP\n.RS\nsource <(%s completion bash)\n.RE\n", roff(p.Name))
	return b.String()
}

func manCommandOf(b *strings.Builder, program string, leaf *kong.Node) {
	fmt.Fprintf(b, ".SS \"%s\"\n%s\n", roff(synopsis(program, leaf)), roff(leaf.Help))
	for _, a := range leaf.Positional {
		if !hidden(a.Tag) {
			fmt.Fprintf(b, ".TP\n.I %s\n%s\n", roff(a.Name), roff(a.Help))
		}
	}
	for node := leaf; node.Type != kong.ApplicationNode; node = node.Parent {
		manFlags(b, node.Flags)
	}
}

// synopsis is how a command is called, with its arguments.
func synopsis(program string, leaf *kong.Node) string {
	words := commandPath(program, leaf)
	for _, a := range leaf.Positional {
		if !hidden(a.Tag) {
			words += " " + a.Summary()
		}
	}
	return words
}

func hidden(tag *kong.Tag) bool { return tag != nil && tag.Hidden }

func manFlags(b *strings.Builder, flags []*kong.Flag) {
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		name := "--" + f.Name
		if f.Short != 0 {
			name = fmt.Sprintf("-%c, %s", f.Short, name)
		}
		if !f.IsBool() && !f.IsCounter() {
			name += "=" + f.FormatPlaceHolder()
		}
		fmt.Fprintf(b, ".TP\n.B \"%s\"\n%s\n", roff(name), roff(f.Help))
	}
}

// roff escapes a text: what begins with a dot or a quote would be a request, and a hyphen a dash.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ", `"`, `\(dq`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
