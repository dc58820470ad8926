package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/goccy/go-yaml"
)

// inFile says in words what is wrong with a file, and in which line. The decoder speaks of the
// types that the values are decoded to.
func inFile(err error) error {
	var mistyped *yaml.TypeError
	var tooMuch *yaml.OverflowError
	var wrong yaml.Error
	switch {
	case errors.As(err, &mistyped):
		at := mistyped.Token.Position
		return fmt.Errorf("line %d, column %d: %.60q is not %s", at.Line, at.Column, mistyped.Token.Value, like(mistyped.DstType))
	case errors.As(err, &tooMuch):
		at := tooMuch.Token.Position
		return fmt.Errorf("line %d, column %d: %.60q is too large a number", at.Line, at.Column, tooMuch.SrcNum)
	case errors.As(err, &wrong) && wrong.GetToken() != nil:
		at := wrong.GetToken().Position
		return fmt.Errorf("line %d, column %d: %s", at.Line, at.Column, wrong.GetMessage())
	}
	if text, duration := strings.CutPrefix(err.Error(), "time: invalid duration "); duration {
		return fmt.Errorf("%s is not %s", text, like(reflect.TypeFor[time.Duration]()))
	}
	return err
}

// inEnvironment says which of our variables cannot be read, and what would be right. The parser
// names the fields that they are read into.
func inEnvironment(environ []string) error {
	var errs []error
	for _, variable := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		err := env.ParseWithOptions(&Config{}, env.Options{Prefix: envPrefix, Environment: map[string]string{name: value}})
		var all env.AggregateError
		var field env.ParseError
		switch {
		case err == nil:
		case errors.As(err, &all) && len(all.Errors) > 0 && errors.As(all.Errors[0], &field):
			errs = append(errs, fmt.Errorf("%s: %.60q is not %s", name, value, like(field.Type)))
		default:
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// like says what a value of a type looks like.
func like(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as 30s, 10m or 2h"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "a text"
	case t.Kind() == reflect.Float64:
		return "a number such as 0.5"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "a whole number such as 20"
	case t.Kind() == reflect.Slice:
		return "a list"
	}
	return "a map with keys and values"
}
