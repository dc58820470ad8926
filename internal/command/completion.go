package command

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// scripts have a shell ask the program itself what may come next: $1 is its name, $2 that name
// as the shell may have it in the name of a function.
var scripts = map[string]string{
	"bash": `_$2() {
  local IFS=$'\n'
  COMPREPLY=($("$1" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _$2 $1
`,
	"zsh": `#compdef $1
_$2() {
  local -a found
  found=("${(@f)$($1 complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -Q -- "${found[@]}"; else _files; fi
}
compdef _$2 $1
`,
	"fish": `complete -c $1 -f -a '($1 complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run implements the command.
func (c completionCommand) Run(p *Program, out *Output) error {
	names := strings.NewReplacer("$1 ", p.Name+" ", "$1\n", p.Name+"\n", `"$1"`, `"`+p.Name+`"`, "$2", strings.ReplaceAll(p.Name, "-", "_"))
	_, err := io.WriteString(out, names.Replace(scripts[c.Shell]))
	return err
}

type completeCommand struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

// Run implements the command: it prints what the last of the words may become, each on a line.
func (c completeCommand) Run(p *Program, out *Output) error {
	parser, err := p.parser()
	if err != nil {
		return err
	}
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, word := range complete(parser.Model, words) {
		if _, err := fmt.Fprintln(out, word); err != nil {
			return err
		}
	}
	return nil
}

// complete returns what the last word may become after those before it: commands, flags, or the
// values of a flag or argument that has only some.
func complete(app *kong.Application, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	node, places, wants := app.Node, 0, (*kong.Flag)(nil)
	for _, word := range words[:len(words)-1] {
		switch child := childOf(node, word); {
		case wants != nil:
			wants = nil
		case strings.HasPrefix(word, "-"):
			if name, _, given := strings.Cut(strings.TrimLeft(word, "-"), "="); !given {
				wants = flagOf(node, name)
			}
		case child != nil:
			node, places = child, 0
		default:
			places++
		}
	}
	last := words[len(words)-1]
	begins := func(word string) bool { return !strings.HasPrefix(word, last) }
	return slices.DeleteFunc(next(node, places, wants, last), begins)
}

// next returns everything that may come where node is.
func next(node *kong.Node, places int, wants *kong.Flag, last string) []string {
	var found []string
	switch {
	case wants != nil:
		return choices(wants.Value)
	case strings.HasPrefix(last, "-"):
		for _, f := range flagsOf(node) {
			if !f.Hidden {
				found = append(found, "--"+f.Name)
			}
		}
	case len(node.Children) > 0:
		for _, child := range node.Children {
			if !child.Hidden {
				found = append(found, child.Name)
			}
		}
	case places < len(node.Positional):
		return choices(node.Positional[places])
	}
	slices.Sort(found)
	return found
}

// choices returns the values that a flag or argument may have, if they are few.
func choices(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return slices.DeleteFunc(v.EnumSlice(), func(choice string) bool { return choice == "" })
}

func childOf(node *kong.Node, name string) *kong.Node {
	i := slices.IndexFunc(node.Children, func(child *kong.Node) bool { return child.Name == name })
	if i < 0 {
		return nil
	}
	return node.Children[i]
}

// flagOf returns the flag of that name if a value follows it.
func flagOf(node *kong.Node, name string) *kong.Flag {
	all := flagsOf(node)
	i := slices.IndexFunc(all, func(f *kong.Flag) bool { return (f.Name == name || string(f.Short) == name) && !f.IsBool() })
	if i < 0 {
		return nil
	}
	return all[i]
}

// flagsOf returns the flags that may stand at node: its own, those above it, and those of the
// command that is meant if none is named.
func flagsOf(node *kong.Node) []*kong.Flag {
	if node.DefaultCmd != nil {
		node = node.DefaultCmd
	}
	return slices.Concat(node.AllFlags(false)...)
}
