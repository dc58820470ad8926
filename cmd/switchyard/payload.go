package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// maxRead bounds what is read as a payload, in bytes. How much a payload may have is checked
// once it is read.
const maxRead = 64 << 20

// readPayload returns the payload that an argument gives: itself, what is in the file that
// follows an @, or for - what stdin has.
func readPayload(given string, stdin io.Reader) (string, error) {
	name, isFile := strings.CutPrefix(given, "@")
	from := stdin
	switch {
	case isFile:
		file, err := os.Open(name)
		if err != nil {
			return "", fmt.Errorf("payload: %w", err)
		}
		defer func() { _ = file.Close() }()
		from = file
	case given != "-":
		return given, nil
	}
	text, err := io.ReadAll(io.LimitReader(from, maxRead+1))
	if err != nil {
		return "", fmt.Errorf("payload: %w", err)
	}
	if len(text) > maxRead {
		return "", fmt.Errorf("payload has more than %d bytes: store the data and send a reference", maxRead)
	}
	return string(text), nil
}
