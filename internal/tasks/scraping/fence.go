package scraping

import "fmt"

// fenced runs a parser of strangers' bytes. A panic in it is the fault of those bytes and
// would come again with every retry; it becomes an error that says so.
func fenced[T any](parse func() (T, error)) (parsed T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the parser broke down: %v", p)
		}
	}()
	return parse()
}
