package article

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"switchyard/internal/web"
)

// BenchmarkRead reads the reference pages of 80 to 125 KB, one after the other, on one core.
// The bytes a second of 100 KB pages are a hundred thousandth of it.
func BenchmarkRead(b *testing.B) {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "codeberg.org/readeck/go-readability/v2").Output()
	if err != nil {
		b.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(module)), "test-pages/*/source.html"))
	if err != nil {
		b.Fatal(err)
	}
	var pages [][]byte
	size := 0
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		if len(body) > 80_000 && len(body) < 125_000 {
			pages = append(pages, body)
			size += len(body)
		}
	}
	b.SetBytes(int64(size / len(pages)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		page := &web.Page{URL: "https://example.com/a", ContentType: "text/html", Body: pages[i%len(pages)], Header: http.Header{}}
		if _, err := Read(b.Context(), page, Hints{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(size/len(pages))/1e5/b.Elapsed().Seconds(), "pages-of-100KB/s")
}
