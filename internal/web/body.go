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

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// errContent marks a body no second fetch would make readable.
var errContent = errors.New("body refused")

// maxWindow bounds the window of zstd, in bytes, as RFC 9659 does: a frame may ask for gigabytes.
const maxWindow = 8 << 20

// read reads and decompresses a response's body, at most MaxBody bytes as sent and MaxDecoded bytes
// after. It stops without an error after most bytes, if that is not 0.
func (f *Fetcher) read(resp *http.Response, most int64) ([]byte, error) {
	maxBody, maxDecoded := f.options.MaxBody, f.options.MaxDecoded
	tooLarge := fmt.Errorf("%w: larger than the limit of %d bytes sent", errContent, maxBody)
	if resp.ContentLength > maxBody && most == 0 {
		return nil, tooLarge
	}
	sent := &capped{r: resp.Body, left: maxBody, err: tooLarge}
	decoded, err := decompress(sent, resp.Header.Values("Content-Encoding"))
	if err != nil {
		return nil, sent.explain(err)
	}
	bounded := io.Reader(&capped{r: decoded, left: maxDecoded,
		err: fmt.Errorf("%w: larger than the limit of %d bytes decompressed", errContent, maxDecoded)})
	if most > 0 {
		bounded = io.LimitReader(bounded, most)
	}
	body, err := io.ReadAll(bounded)
	if err != nil {
		return nil, sent.explain(err)
	}
	return body, nil
}

// decompress undoes the content coding of RFC 9110, section 8.4.1. What is no name of one is what
// servers say that send no coding at all. Two on top of each other have no honest use.
func decompress(r io.Reader, codings []string) (io.Reader, error) {
	var known []string
	for name := range strings.SplitSeq(strings.ToLower(strings.Join(codings, ",")), ",") {
		switch name = strings.TrimSpace(name); name {
		case "gzip", "x-gzip", "deflate", "br", "zstd":
			known = append(known, name)
		}
	}
	switch len(known) {
	case 0:
		return r, nil
	case 1:
		return decoder(bufio.NewReader(r), known[0])
	}
	return nil, fmt.Errorf("%w: %d content encodings on top of each other", errContent, len(known))
}

func decoder(r *bufio.Reader, coding string) (io.Reader, error) {
	switch coding {
	case "deflate":
		return inflate(r)
	case "br":
		return brotli.NewReader(r), nil
	case "zstd":
		// With one decoder at a time nothing runs beside the reader, and nothing is to be closed.
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	}
	return gzip.NewReader(r)
}

// inflate reads deflate as the standard has it, inside zlib (RFC 1950), and as many
// servers send it, bare. A zlib header is a multiple of 31.
func inflate(r *bufio.Reader) (io.Reader, error) {
	head, err := r.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f != 8 || (int(head[0])<<8|int(head[1]))%31 != 0 {
		return flate.NewReader(r), nil
	}
	return zlib.NewReader(r)
}

// capped reads from r and fails with err once r has given more than left bytes.
type capped struct {
	r    io.Reader
	left int64
	err  error

	failed error // of r, beyond its end
}

func (c *capped) Read(p []byte) (int, error) {
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		c.failed = err
	}
	if int64(n) > c.left {
		c.failed = c.err
		return int(c.left), c.err
	}
	c.left -= int64(n)
	return n, err
}

// explain tells what is broken as it was sent from what was cut off, which the next fetch may bring
// whole. err is what has come of reading what c has read.
func (c *capped) explain(err error) error {
	switch {
	case c.failed != nil:
		return c.failed
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.Is(err, errContent):
		return err
	}
	return fmt.Errorf("%w: broken compression: %w", errContent, err)
}
