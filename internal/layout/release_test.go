package layout

import (
	"testing"

	"switchyard/internal/queue/format"
)

func TestAReleaseIsFoundByItsVersionAndHasWhatCameBefore(t *testing.T) {
	for _, version := range []string{"0.1.0", "v0.1.0"} {
		if r, err := Find(version); err != nil || r.Version != "0.1.0" || r.Has("0.2.0") || !r.Has("0.1.0") {
			t.Errorf("%s is %+v, %v", version, r, err)
		}
	}
	if r, err := Find("0.2.0"); err != nil || !r.Has("0.1.0") || !r.Has("0.2.0") || r.Has("9.0.0") {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Find("9.0.0"); err == nil || err.Error() != `release "9.0.0" is unknown here: give one of 0.1.0, 0.2.0` {
		t.Errorf("says %v", err)
	}
	if Last().Commit == "" || Releases[len(Releases)-1].Commit != "" || Releases[len(Releases)-1].Layout != Known {
		t.Errorf("the releases are %+v", Releases)
	}
}

func TestATaskHasTheFeaturesOfItsKindAndHeaders(t *testing.T) {
	for _, test := range []struct {
		kind    string
		headers map[string]string
		want    string
	}{
		{"own_kind", nil, ""},
		{"own_kind", map[string]string{format.VersionHeader: "7"}, ""},
		{"agent_scout", map[string]string{format.VersionHeader: "1"}, ""},
		{"agent_scout", map[string]string{format.VersionHeader: "2"}, "kinds "},
		{"agent_scout", nil, ""},
		{"scrape_feed", map[string]string{format.VersionHeader: "1"}, ""},
		{"scrape_site", map[string]string{format.VersionHeader: "1"}, "kinds "},
		{"webhook_deliver", nil, "kinds "},
		{"own_kind", map[string]string{format.NotifyHeader: "[]", format.TagsHeader: "a"}, "notify "},
		{"own_kind", map[string]string{format.BatchHeader: "b/1", format.LimitsHeader: "1,2", format.ReplyHeader: "{}"}, "batches limits replies "},
	} {
		got := ""
		for _, f := range FeaturesOf(test.kind, test.headers) {
			got += f.Name + " "
		}
		if got != test.want {
			t.Errorf("%s with %v has %q, want %q", test.kind, test.headers, got, test.want)
		}
	}
}
