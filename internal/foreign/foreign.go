// Package foreign runs parsers of strangers' bytes.
package foreign

import "fmt"

// Parse runs a parser. A panic in it is the fault of the bytes and would come again with
// every retry, so it becomes an error that says so.
func Parse[T any](parse func() (T, error)) (parsed T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the parser broke down: %v", p)
		}
	}()
	return parse()
}
