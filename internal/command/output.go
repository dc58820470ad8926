package command

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"switchyard/internal/redact"
)

// Output is where a command prints what it was asked for. It leaves out the secrets of this
// process.
type Output struct {
	io.Writer
	// JSON is whether a program is to read it.
	JSON bool

	plain io.Writer // what Writer writes to
}

func newOutput() *Output {
	return &Output{Writer: redact.Process.Writer(os.Stdout), plain: os.Stdout}
}

// Secret is the output with nothing left out, for a command whose answer is a secret.
func (o *Output) Secret() *Output { return &Output{Writer: o.plain, JSON: o.JSON, plain: o.plain} }

// Say prints v as JSON if that is wanted, and else a line of text.
func (o *Output) Say(v any, format string, args ...any) error {
	if o.JSON {
		return o.Encode(v)
	}
	_, err := fmt.Fprintf(o, format+"\n", args...)
	return err
}

// Encode prints v as JSON, indented for people who read it too.
func (o *Output) Encode(v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode what is to be printed: %w", err)
	}
	_, err = fmt.Fprintln(o, string(raw))
	return err
}
