package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"switchyard/internal/schedule"
)

// ReadEntries reads a file for import. Its name is how errors call it. What is wrong with
// the file or its entries is for [EntryFile.Problems] to tell; the error is of in.
func ReadEntries(name string, in io.Reader) (*EntryFile, error) {
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	f := &EntryFile{name: name}
	documents := yaml.NewDecoder(bytes.NewReader(raw))
	var document, second yaml.Node
	err = documents.Decode(&document)
	if err == nil {
		f.readList(document.Content[0])
		if err = documents.Decode(&second); err == nil {
			f.note(second.Line, errors.New("a second document begins here: put all entries into one list"))
		}
	}
	if !errors.Is(err, io.EOF) && err != nil {
		f.note(syntaxError(err))
	}
	f.findTwins()
	return f, nil
}

// yamlError is how the YAML library spells a mistake.
var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// syntaxError returns the line of a mistake in the YAML, 0 if that is not told, and what it
// is.
func syntaxError(err error) (line int, _ error) {
	parts := yamlError.FindStringSubmatch(err.Error())
	if parts == nil {
		return 0, fmt.Errorf("this is not YAML: %w", err)
	}
	line, _ = strconv.Atoi(parts[1])
	return line, fmt.Errorf("this is not YAML: %s", parts[2])
}

// readList reads the entries of a document.
func (f *EntryFile) readList(root *yaml.Node) {
	switch {
	case root.Kind == yaml.SequenceNode:
		for _, n := range root.Content {
			f.readEntry(n)
		}
	case root.Tag != "!!null":
		f.note(root.Line, fmt.Errorf(`this is %s, and a list of entries is wanted: begin each entry with "- id: "`, noun(root)))
	}
}

// readEntry reads an entry of the list and notes what is wrong with it.
func (f *EntryFile) readEntry(n *yaml.Node) {
	l := located{line: n.Line, read: true}
	if n = target(n); n.Kind != yaml.MappingNode {
		f.blame(&l, fmt.Errorf("this is %s, and an entry is wanted: give id, spec and kind", noun(n)))
		l.read = false
		f.entries = append(f.entries, l)
		return
	}
	var e FileEntry
	for _, p := range pairs(n, 0) {
		err := p.readInto(&e)
		if errors.Is(err, errUnreadable) {
			l.read = false
		}
		if err != nil {
			l.bad = true
			// The ID may come later in the entry.
			f.note(p.key.Line, fieldError{&e, err})
		}
	}
	scheduled, err := e.Scheduled(e.ID, schedule.OriginAPI)
	if err != nil {
		l.read, scheduled.ID = false, e.ID
		f.blame(&l, err)
	}
	l.entry = scheduled
	f.entries = append(f.entries, l)
}

// fieldError is an error in a field of an entry.
type fieldError struct {
	entry *FileEntry
	err   error
}

// Error implements error.
func (e fieldError) Error() string {
	if e.entry.ID == "" {
		return "entry without an id: " + e.err.Error()
	}
	return fmt.Sprintf("entry %.40s: %v", e.entry.ID, e.err)
}

// Unwrap returns what is wrong with the field.
func (e fieldError) Unwrap() error { return e.err }
