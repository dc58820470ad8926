package web

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// pack compresses text with a writer made by with.
func pack(t *testing.T, text []byte, with func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := with(&packed)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func asGzip(w io.Writer) io.WriteCloser   { return gzip.NewWriter(w) }
func asZlib(w io.Writer) io.WriteCloser   { return zlib.NewWriter(w) }
func asBrotli(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }
func asZstd(w io.Writer) io.WriteCloser {
	z, _ := zstd.NewWriter(w)
	return z
}

// hugeWindow is a frame of zstd that asks for a window of 2 GiB (RFC 8878, section 3.1.1.1.2).
var hugeWindow = []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x09, 0x00, 0x00, 'x'}

func asFlate(w io.Writer) io.WriteCloser {
	z, _ := flate.NewWriter(w, flate.BestCompression)
	return z
}

func serveEncoded(t *testing.T, coding string, body []byte) string {
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", coding)
		_, _ = w.Write(body)
	})
}

func TestFetchDecompresses(t *testing.T) {
	want := bytes.Repeat([]byte("news "), 1000)
	for _, c := range []struct {
		name, coding string
		body         []byte
	}{
		{"plain", "identity", want},
		{"gzip", "gzip", pack(t, want, asGzip)},
		{"x-gzip", "X-Gzip", pack(t, want, asGzip)},
		{"deflate in zlib", "deflate", pack(t, want, asZlib)},
		{"bare deflate", "deflate", pack(t, want, asFlate)},
		{"brotli", "br", pack(t, want, asBrotli)},
		{"zstd", "zstd", pack(t, want, asZstd)},
		{"unknown", "utf-8", want},
		{"unknown beside known", "none, gzip", pack(t, want, asGzip)},
	} {
		t.Run(c.name, func(t *testing.T) {
			page, err := fetcher(t, Options{}).Fetch(t.Context(), Request{URL: serveEncoded(t, c.coding, c.body)})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(page.Body, want) {
				t.Fatalf("body %.40q… of %d bytes, want %d", page.Body, len(page.Body), len(want))
			}
		})
	}
}

func TestFetchRefusesWhatItCannotHold(t *testing.T) {
	f := fetcher(t, Options{MaxBody: 512 << 10, MaxDecoded: 1 << 20})
	bomb := make([]byte, 4<<20) // 4 KiB as gzip
	for _, c := range []struct {
		name, coding, words string
		temporary           bool
		body                []byte
	}{
		{"gzip bomb", "gzip", "body refused: larger than the limit of 1048576 bytes decompressed", false, pack(t, bomb, asGzip)},
		{"deflate bomb", "deflate", "body refused: larger than the limit of 1048576 bytes decompressed", false, pack(t, bomb, asZlib)},
		{"brotli bomb", "br", "body refused: larger than the limit of 1048576 bytes decompressed", false, pack(t, bomb, asBrotli)},
		{"zstd bomb", "zstd", "body refused: larger than the limit of 1048576 bytes decompressed", false, pack(t, bomb, asZstd)},
		{"zstd with a huge window", "zstd", "body refused: broken compression: window size exceeded", false, hugeWindow},
		{"no brotli at all", "br", "body refused: broken compression: brotli: RESERVED", false, []byte("<html>plain text</html>")},
		{"no zstd at all", "zstd", "body refused: broken compression: invalid input: magic number mismatch", false, []byte("<html>plain text</html>")},
		{"cut brotli", "br", "unexpected EOF", true, pack(t, bomb, asBrotli)[:8]},
		{"cut zstd", "zstd", "unexpected EOF", true, pack(t, bomb, asZstd)[:12]},
		{"large body", "", "body refused: larger than the limit of 524288 bytes sent", false, make([]byte, 512<<10+1)},
		{"two codings", "gzip, br", "body refused: 2 content encodings on top of each other", false, []byte("?")},
		{"not gzip at all", "gzip", "body refused: broken compression: gzip: invalid header", false, []byte("<html>plain text</html>")},
		{"damaged gzip", "gzip", "body refused: broken compression: gzip: invalid checksum", false, damaged(pack(t, []byte("some text"), asGzip))},
		{"cut gzip", "gzip", "unexpected EOF", true, pack(t, []byte("some text"), asGzip)[:12]},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFailure(t, failure(t, f, serveEncoded(t, c.coding, c.body)), c.temporary, c.words)
		})
	}
}

func damaged(packed []byte) []byte {
	packed[len(packed)-6] ^= 0xff // in the checksum
	return packed
}

func TestDeclaredLengthIsRefusedBeforeTheBody(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000000000")
		w.(http.Flusher).Flush()
		<-r.Context().Done() // no byte of it ever comes
	})
	wantFailure(t, failure(t, fetcher(t, Options{}), url), false, "body refused: larger than the limit of 8388608 bytes sent")
}

func TestUndeclaredLengthIsBoundedToo(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 4 {
			_, _ = w.Write(make([]byte, 40))
			w.(http.Flusher).Flush()
		}
	})
	wantFailure(t, failure(t, fetcher(t, Options{MaxBody: 100}), url), false, "body refused: larger than the limit of 100 bytes sent")
	if _, err := fetcher(t, Options{MaxBody: 160}).Fetch(t.Context(), Request{URL: url}); err != nil {
		t.Fatalf("a body of exactly the limit: %v", err)
	}
}
