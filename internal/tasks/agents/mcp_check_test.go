package agents

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheCheckOfServersNamesWhatIsNotThere(t *testing.T) {
	good := oddProgram(t, t.TempDir())
	typo := good
	typo.Effects = []string{"atc"}
	servers := map[string]Server{"good": good, "typo": typo, "none": {URL: "http://127.0.0.1", TokenEnv: "NO_SUCH_TOKEN"}}
	definitions := map[string]Definition{
		"first":  {Tools: []string{"good.act", "good.atc", "read_document", "none.act"}},
		"second": {Tools: []string{"typo.act"}},
	}
	all := strings.Join(oddTools, ", ")
	want := `mcp server none: connect: calling "initialize": sending "initialize": rejected by transport: Post "http://127.0.0.1": ` +
		"token_env: the variable NO_SUCH_TOKEN is empty: set it to the server's token\n" +
		`mcp server typo: effects names "atc", which is none of its tools: it has ` + all + "\n" +
		`agent "first": tool "good.atc": mcp server good has no tool "atc": it has ` + all
	if err := CheckServers(t.Context(), servers, definitions, &http.Client{}); err == nil || err.Error() != want {
		t.Errorf("error\n%v, want\n%s", err, want)
	}
	if err := CheckServers(t.Context(), map[string]Server{"good": good}, map[string]Definition{"first": {Tools: []string{"good.act"}}}, &http.Client{}); err != nil {
		t.Error(err)
	}
}
