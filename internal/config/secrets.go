package config

import (
	"os"
	"reflect"
	"strings"

	"switchyard/internal/redact"
)

// maxSecretFile bounds a file that holds a secret, in bytes.
const maxSecretFile = 16 << 10

// know has package redact know the secrets of a configuration, or of what could be read of
// one, and of the variables and files that it names. It goes by what a value is and what it is
// called, wherever it stands, so that a setting of tomorrow is seen to, too.
func know(configuration any, environ map[string]string) {
	c := collector{environ: environ, secrets: redact.Process}
	c.look("", reflect.ValueOf(configuration))
	for name, value := range environ {
		c.variable(name, value)
	}
}

// collector collects secrets.
type collector struct {
	environ map[string]string
	secrets *redact.Set
}

// look looks at a value that has a name, and at what it holds.
func (c collector) look(name string, v reflect.Value) {
	if v.IsValid() && v.Type() == reflect.TypeFor[Secret]() {
		c.secrets.Know(v.String(), v.Interface().(Secret).Reveal())
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			c.look(name, v.Elem())
		}
	case reflect.Struct:
		if source, ok := v.Interface().(Source); ok {
			c.urls(source.URL, false) // what it asks for is public
			return
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				tag, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
				if tag == "" && options != "inline" {
					tag = field.Name
				}
				c.look(tag, v.Field(i))
			}
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			c.entry(name, textOf(key), value)
		}
	case reflect.Slice, reflect.Array:
		c.list(name, v)
	case reflect.String:
		c.setting(name, v.String())
	}
}

// entry looks at an entry of a map.
func (c collector) entry(name, key string, value reflect.Value) {
	if header := textOf(value); name == "headers" && header != "" && !publicHeader.MatchString(key) {
		c.secrets.Know(header, lastWord(header))
		return
	}
	if strings.HasSuffix(name, "_env") { // the names of variables, by those of headers
		c.setting(name, textOf(value))
		return
	}
	c.look(key, value)
}

// textOf returns a string, "" for what is none.
func textOf(v reflect.Value) string {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		return v.String()
	}
	return ""
}

// list looks at a list: the names of variables, the arguments of a command, or others.
func (c collector) list(name string, v reflect.Value) {
	option := ""
	for i := range v.Len() {
		one := v.Index(i)
		switch value := textOf(one); {
		case value == "":
			c.look(name, one)
		case name == "env":
			c.listed(value)
		case name == "command":
			c.argument(option, value)
			option = value
		default:
			c.setting(name, value)
		}
	}
}

// setting looks at a text of the configuration.
func (c collector) setting(name, value string) {
	if variable, ok := strings.CutSuffix(name, "_env"); ok && variable != "" {
		c.secrets.Know(c.environ[value], lastWord(c.environ[value]))
		c.urls(c.environ[value], true)
		return
	}
	if file, ok := strings.CutSuffix(name, "_file"); ok {
		if redact.IsSecretName(file) {
			c.file(value)
		}
		return
	}
	if strings.Contains(value, "://") {
		c.urls(value, true)
		return
	}
	if isSecret(name, value) || isRandom(value) {
		c.secrets.Know(value, lastWord(value))
	}
}

// file looks at a file that holds a secret.
func (c collector) file(path string) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSecretFile {
		return // who needs it says so
	}
	if raw, err := os.ReadFile(path); err == nil {
		c.secrets.Know(strings.TrimSpace(string(raw)))
	}
}

// argument looks at an argument of a command behind an option: --token=x, or --token x.
func (c collector) argument(option, value string) {
	name, inline, found := strings.Cut(value, "=")
	switch {
	case strings.HasPrefix(value, "-") && found && redact.IsSecretName(name):
		c.secrets.Know(inline)
	case strings.HasPrefix(option, "-") && redact.IsSecretName(option), isRandom(value):
		c.secrets.Know(value)
	default:
		c.urls(value, true)
	}
}

// listed looks at a variable that a program is given.
func (c collector) listed(name string) {
	value := c.environ[name]
	if strings.Contains(value, "://") {
		c.urls(value, true)
	}
	if isSecret(name, value) || !redact.IsSecretName(name) && !isPublic(name, value) {
		c.secrets.Know(value)
	}
}

// variable looks at a variable that nothing names.
func (c collector) variable(name, value string) {
	c.urls(value, false)
	if !isSecret(name, value) {
		return
	}
	c.secrets.Know(value)
	if strings.HasSuffix(name, "HEADERS") { // as of OpenTelemetry: name=value,name=value
		for header := range strings.SplitSeq(value, ",") {
			_, secret, _ := strings.Cut(header, "=")
			c.secrets.Know(strings.TrimSpace(secret))
		}
	}
}
