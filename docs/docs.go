// Package docs embeds the documentation, so that the monitor serves the pages that
// belong to its version.
package docs

import "embed"

// Pages holds the Markdown files of this directory.
//
//go:embed *.md
var Pages embed.FS
