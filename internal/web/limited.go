package web

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
)

// Limited is a transport for servers that are trusted to be asked, and not with our memory:
// reading more than Most bytes of a response's body fails, counted as the RoundTripper
// decompresses them. It is safe for concurrent use if the RoundTripper is, which nil leaves
// to [http.DefaultTransport].
type Limited struct {
	http.RoundTripper
	Most int64
}

// RoundTrip implements [http.RoundTripper].
func (l Limited) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := cmp.Or(l.RoundTripper, http.DefaultTransport).RoundTrip(r)
	if err != nil {
		return nil, err
	}
	tooLarge := fmt.Errorf("%w: larger than the limit of %d bytes", errContent, l.Most)
	response.Body = limitedBody{&capped{r: response.Body, left: l.Most, err: tooLarge}, response.Body}
	return response, nil
}

type limitedBody struct {
	io.Reader
	io.Closer
}
