package monitor

import (
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"time"
)

// document is one page of the documentation.
type document struct {
	Name      string // of its file, without .md
	Title     string
	Summary   string // its first paragraph, as text
	Published time.Time
	Body      template.HTML
}

// library is the documentation, in the order of the names of its files.
type library []document

// openLibrary reads every Markdown file at the root of files.
func openLibrary(files fs.FS) (library, error) {
	names, err := fs.Glob(files, "*.md")
	if err != nil {
		return nil, fmt.Errorf("list the documentation: %w", err)
	}
	docs := make(library, 0, len(names))
	for _, name := range names {
		source, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read the documentation: %w", err)
		}
		d, err := readDocument(strings.TrimSuffix(name, ".md"), source)
		if err != nil {
			return nil, fmt.Errorf("documentation page %s: %w", name, err)
		}
		docs = append(docs, d)
	}
	return docs, nil
}

// find returns the document of this name and true, or false if there is none.
func (l library) find(name string) (document, bool) {
	for _, d := range l {
		if d.Name == name {
			return d, true
		}
	}
	return document{}, false
}
