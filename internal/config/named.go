package config

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// named is a setting that names a variable of the process, or a file.
type named struct {
	path  string // of the setting
	value string // the name that it gives
	list  bool   // it is one of those that a program gets if they are there
}

// variablesOf returns the variables that a configuration names, and filesOf the files: whatever
// is called something_env or something_file, so that a setting of tomorrow is seen to, too.
func (c Config) variablesOf() []named { return namedOf("", reflect.ValueOf(c), "_env") }

func (c Config) filesOf() []named { return namedOf("", reflect.ValueOf(c), "_file") }

// namedOf returns the settings in v whose names have a suffix, and for that of variables the
// lists of them, too.
func namedOf(path string, v reflect.Value, suffix string) []named {
	var all []named
	switch name := path[strings.LastIndexByte(path, '.')+1:]; v.Kind() {
	case reflect.Struct:
		if v.Type() == timeType {
			return nil
		}
		for _, f := range fieldsOf(v) {
			all = append(all, namedOf(join(path, f.name), f.value, suffix)...)
		}
	case reflect.Map:
		for _, key := range slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) }) {
			switch {
			case !strings.HasSuffix(name, suffix):
				all = append(all, namedOf(join(path, key.String()), v.MapIndex(key), suffix)...)
			case v.MapIndex(key).Kind() == reflect.String:
				all = append(all, named{join(path, key.String()), v.MapIndex(key).String(), false})
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if one := v.Index(i); name == "env" && suffix == "_env" && one.Kind() == reflect.String {
				all = append(all, named{path, one.String(), true})
			} else {
				all = append(all, namedOf(fmt.Sprintf("%s[%d]", path, i), one, suffix)...)
			}
		}
	case reflect.String:
		if strings.HasSuffix(name, suffix) && v.String() != "" {
			all = append(all, named{path, v.String(), false})
		}
	}
	return all
}

// checkNames reports what cannot be the name of a variable. It may be the value, which is not
// repeated.
func (c Config) checkNames() error {
	var errs []error
	for _, n := range c.variablesOf() {
		name, _, valued := strings.Cut(n.value, "=")
		switch {
		case valued:
			errs = append(errs, fmt.Errorf("%s: %q is followed by a value: name the variable alone, and set it where the workers run", n.path, name))
		case strings.TrimSpace(n.value) == "" || strings.ContainsAny(n.value, " \t\n$"):
			errs = append(errs, fmt.Errorf("%s: this is no name of a variable: give one, such as SERVICE_KEY", n.path))
		}
	}
	return errors.Join(errs...)
}
