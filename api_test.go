package switchyard

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var record = flag.Bool("record-api", false, "write what is exported now into api/switchyard.txt")

// promised has what the package exports, one declaration, field or method to a line.
const promised = "api/switchyard.txt"

func TestWhatIsPublicIsWhatIsPromised(t *testing.T) {
	now := exported(t)
	if *record {
		if err := os.WriteFile(promised, []byte(strings.Join(now, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(promised)
	if err != nil {
		t.Fatal(err)
	}
	then := strings.Split(strings.TrimSpace(string(text)), "\n")
	for _, line := range then {
		if !slices.Contains(now, line) {
			t.Errorf("gone: %s\n\tThis breaks programs: keep it, or make a new major version.", line)
		}
	}
	for _, line := range now {
		if !slices.Contains(then, line) {
			t.Errorf("new: %s\n\tIf it is to be promised: go test . -run %s -record-api", line, t.Name())
		}
	}
}

// exported returns what the files of this package export, sorted.
func exported(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found surface
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.FileExports(file)
		for _, d := range file.Decls {
			found.declaration(d)
		}
	}
	slices.Sort(found)
	return found
}

// surface collects lines.
type surface []string

func (s *surface) declaration(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || isExported(d.Recv.List[0].Type) {
			d.Body = nil
			s.add("", d)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				s.typeSpec(spec)
			case *ast.ValueSpec:
				s.add(d.Tok.String()+" ", spec)
			}
		}
	}
}

// isExported reports whether a receiver is of an exported type.
func isExported(receiver ast.Expr) bool {
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported()
}

// typeSpec adds a type, and each of its exported fields or methods.
func (s *surface) typeSpec(spec *ast.TypeSpec) {
	switch of := spec.Type.(type) {
	case *ast.StructType:
		s.fields("type "+spec.Name.Name+" struct", of.Fields)
	case *ast.InterfaceType:
		s.fields("type "+spec.Name.Name+" interface", of.Methods)
	default:
		s.add("type ", spec)
	}
}

func (s *surface) fields(of string, list *ast.FieldList) {
	*s = append(*s, of)
	for _, field := range list.List {
		names := field.Names
		if len(names) == 0 {
			names = []*ast.Ident{nil} // embedded
		}
		for _, name := range names {
			var one bytes.Buffer
			if name != nil {
				one.WriteString(name.Name + " ")
			}
			_ = printer.Fprint(&one, token.NewFileSet(), field.Type)
			if field.Tag != nil {
				one.WriteString(" " + field.Tag.Value)
			}
			*s = append(*s, of+", "+one.String())
		}
	}
}

// add adds a declaration as it is written, in a line.
func (s *surface) add(before string, node any) {
	var text bytes.Buffer
	_ = printer.Fprint(&text, token.NewFileSet(), node)
	*s = append(*s, before+strings.Join(strings.Fields(text.String()), " "))
}
