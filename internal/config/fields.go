package config

import (
	"reflect"
	"slices"
	"strings"
)

// field is a field of a struct of the configuration, by its name in a file.
type field struct {
	name  string
	value reflect.Value
}

// fieldsOf returns the fields of a struct, with those of what is inline in it.
func fieldsOf(v reflect.Value) []field {
	var all []field
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			all = append(all, fieldsOf(v.Field(i))...)
		case name != "-":
			all = append(all, field{name, v.Field(i)})
		}
	}
	return all
}

// namesOf returns the names of fields, sorted.
func namesOf(fields []field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return slices.Sorted(slices.Values(names))
}

// scalarsOf returns the settings of a configuration that a variable can give, by their paths, such
// as redis.pool_size: single ones, and lists of texts. What is in maps and other lists has none.
func scalarsOf(path string, v reflect.Value) []field {
	var all []field
	for _, f := range fieldsOf(v) {
		at := join(path, f.name)
		switch {
		case f.value.Kind() == reflect.Struct:
			all = append(all, scalarsOf(at, f.value)...)
		case f.value.Kind() != reflect.Map && f.value.Kind() != reflect.Slice, f.value.Type() == textsType:
			all = append(all, field{at, f.value})
		}
	}
	return all
}
