package corpus

import (
	"testing"
	"time"

	"switchyard/internal/documents"
)

func TestADocumentIsReadOnceAndAgainWhenItsWordsAreOthers(t *testing.T) {
	c := New()
	d := documents.Document{ID: "d", Hash: "1", Title: "Tides", Text: "High water.", Language: "en", Source: "paper", Story: "s", Published: time.Unix(1, 0), Stored: time.Unix(2, 0)}
	first := c.Texts([]documents.Document{d})[0]
	if first.ID != "d" || first.Title != "Tides" || first.Body != "High water." || first.Language != "en" || first.Source != "paper" || first.Story != "s" ||
		!first.Published.Equal(d.Published) || !first.Seen.Equal(d.Stored) || first.Analysis == nil {
		t.Errorf("%+v", first)
	}
	if again := c.Texts([]documents.Document{d})[0]; again.Analysis != first.Analysis {
		t.Error("the same words were read twice")
	}
	d.Hash, d.Text = "2", "Low water."
	if changed := c.Texts([]documents.Document{d})[0]; changed.Analysis == first.Analysis || changed.Body != "Low water." {
		t.Errorf("other words were not read: %+v", changed)
	}
}
