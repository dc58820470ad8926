package web

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// errContent marks a body no second fetch would make readable.
var errContent = errors.New("body refused")

// readBody reads and decompresses a response's body, at most maxBody bytes as sent and
// maxDecoded bytes after.
func readBody(resp *http.Response, maxBody, maxDecoded int64) ([]byte, error) {
	tooLarge := fmt.Errorf("%w: larger than the limit of %d bytes sent", errContent, maxBody)
	if resp.ContentLength > maxBody {
		return nil, tooLarge
	}
	sent := &capped{resp.Body, maxBody, tooLarge}
	decoded, err := decompress(sent, resp.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(&capped{decoded, maxDecoded,
		fmt.Errorf("%w: larger than the limit of %d bytes decompressed", errContent, maxDecoded)})
	if err != nil {
		return nil, encodingError(err)
	}
	return body, nil
}

// decompress undoes one content coding of RFC 9110, section 8.4.1. Two on top of each
// other have no honest use.
func decompress(r io.Reader, coding string) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "", "identity":
		return r, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(r)
		return z, encodingError(err)
	case "deflate":
		return inflate(bufio.NewReader(r))
	}
	return nil, fmt.Errorf("%w: content encoding %q is not one of gzip and deflate", errContent, coding)
}

// inflate reads deflate as the standard has it, inside zlib (RFC 1950), and as many
// servers send it, bare. A zlib header is a multiple of 31.
func inflate(r *bufio.Reader) (io.Reader, error) {
	head, err := r.Peek(2)
	if err != nil {
		return nil, encodingError(err)
	}
	if head[0]&0x0f != 8 || (int(head[0])<<8|int(head[1]))%31 != 0 {
		return flate.NewReader(r), nil
	}
	z, err := zlib.NewReader(r)
	return z, encodingError(err)
}

// encodingError tells a body that is broken as sent from one that was cut off, which
// the next fetch may bring whole.
func encodingError(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case errors.As(err, &corrupt), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum),
		errors.Is(err, zlib.ErrHeader), errors.Is(err, zlib.ErrChecksum):
		return fmt.Errorf("%w: broken compression: %w", errContent, err)
	}
	return err
}

// capped reads from r and fails with err once r has given more than left bytes.
type capped struct {
	r    io.Reader
	left int64
	err  error
}

func (c *capped) Read(p []byte) (int, error) {
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if int64(n) > c.left {
		return int(c.left), c.err
	}
	c.left -= int64(n)
	return n, err
}
