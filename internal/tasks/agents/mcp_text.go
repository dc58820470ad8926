package agents

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// textOf returns what a result says to a model that reads: the texts, what else there is by
// its kind and size, and the structured content if there is no text.
func textOf(result *mcp.CallToolResult) string {
	var out strings.Builder
	hasText := false
	for _, content := range result.Content {
		text, reads := partOf(content)
		out.WriteString(text + "\n")
		hasText = hasText || reads && text != ""
	}
	if hasText || result.StructuredContent == nil {
		return out.String()
	}
	structured, err := json.Marshal(result.StructuredContent)
	if err != nil {
		return out.String() + "(structured content that cannot be written as JSON)\n"
	}
	return out.String() + string(structured) + "\n"
}

// partOf returns what one part of a result says, and whether that is text of its own.
func partOf(content mcp.Content) (text string, reads bool) {
	switch part := content.(type) {
	case *mcp.TextContent:
		return part.Text, true
	case *mcp.EmbeddedResource:
		return resourceText(part.Resource)
	case *mcp.ResourceLink:
		return fmt.Sprintf("(a link to the resource %s at %s%s)", part.Name, part.URI, prefixed(": ", part.Description)), false
	case *mcp.ImageContent:
		return fmt.Sprintf("(an image%s of %d bytes)", prefixed(", ", part.MIMEType), len(part.Data)), false
	case *mcp.AudioContent:
		return fmt.Sprintf("(a sound%s of %d bytes)", prefixed(", ", part.MIMEType), len(part.Data)), false
	}
	return fmt.Sprintf("(something that is no text: %T)", content), false
}

// resourceText returns the text of a resource under its address, or what it is instead.
func resourceText(r *mcp.ResourceContents) (text string, reads bool) {
	switch {
	case r == nil:
		return "(a resource without contents)", false
	case r.Blob != nil:
		return fmt.Sprintf("(the resource %s%s of %d bytes, no text)", r.URI, prefixed(", ", r.MIMEType), len(r.Blob)), false
	}
	return "resource " + r.URI + ":\n" + r.Text, true
}

// prefixed returns a text after a prefix, "" if there is none.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}
