package wire

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"io"
)

// inflate undoes what the header compression names, up to limit bytes. What kombu calls
// gzip is zlib; others write gzip under that name.
func inflate(body []byte, name string, limit int) ([]byte, error) {
	var from io.Reader = bytes.NewReader(body)
	var err error
	switch name {
	case "":
		return body, nil
	case "application/x-gzip", "gzip", "zlib":
		if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
			from, err = gzip.NewReader(from)
		} else {
			from, err = zlib.NewReader(from)
		}
	case "application/x-bz2", "bzip2", "bzip":
		from = bzip2.NewReader(from)
	default:
		return nil, refuse(DecodeError, "headers.compression is %q: send gzip, bzip2 or no compression", name)
	}
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(from, int64(limit)+1))
	}
	if err != nil {
		return nil, refuse(DecodeError, "the body is not what headers.compression %q says: %w", name, err)
	}
	return body, nil
}
