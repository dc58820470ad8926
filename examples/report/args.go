// Package report builds reports in the background: it is what a program brings of its own to
// Switchyard. The folder reportd has the program that performs its tasks, and producer one that sends
// them.
package report

import (
	"errors"
	"fmt"
	"time"

	"switchyard"
)

// maxRows bounds the rows that are made up for a report.
const maxRows = 10_000_000

// Build are the args of the kind report_build: a report about a CSV file, or about rows that are made
// up.
type Build struct {
	File string `json:"file,omitempty"` // a name within the worker's folder
	Rows int    `json:"rows,omitempty"`
}

// Kind implements [switchyard.Args].
func (Build) Kind() string { return "report_build" }

// Validate implements [switchyard.Validator].
func (b Build) Validate() error {
	switch {
	case (b.File == "") == (b.Rows == 0):
		return errors.New(`give either "file", the name of a CSV file, or "rows", how many to make up`)
	case b.Rows < 0 || b.Rows > maxRows:
		return fmt.Errorf(`field "rows" is %d: use 1 to %d`, b.Rows, maxRows)
	}
	return nil
}

// Policy implements [switchyard.ArgsWithPolicy]: a report may take longer than most tasks.
func (Build) Policy() switchyard.Policy {
	return switchyard.Policy{
		Retries:   new(1),
		SoftLimit: new(29 * time.Minute), HardLimit: new(30 * time.Minute),
		Retention: new(24 * time.Hour),
	}
}

// Summary is the result of a report.
type Summary struct {
	Rows      int    `json:"rows"`
	Customers int    `json:"customers"`
	Cents     int64  `json:"cents"`
	Best      string `json:"best"` // the customer with the largest sum
}
