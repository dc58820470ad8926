package llm

import (
	"errors"
	"net/http"
	"os"
	"strings"
)

// CheckHere reports a key or a header that this process has and that cannot be sent. One that
// is not there is for others to report.
func (d Definition) CheckHere() error {
	w := wire{Definition: d}
	for _, variable := range d.HeadersEnv {
		if strings.TrimSpace(os.Getenv(variable)) == "" {
			return nil
		}
	}
	if _, err := w.key(); err == nil {
		if refused, ok := errors.AsType[*Error](w.sign(http.Header{})); ok {
			return refused.Err
		}
	}
	return nil
}
