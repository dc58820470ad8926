package api

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"switchyard/internal/audit"
	"switchyard/internal/config"
	"switchyard/internal/tokens"
)

// as is the header of somebody of [signedIn], whose password is their name.
func as(name string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+name))
}

// signedIn has users sign in: op may do everything, rea looks, and eves does what is eve's.
func signedIn(t *testing.T) func(*config.Config) {
	user := func(name, role string, only *string) config.MonitorUser {
		hash, err := bcrypt.GenerateFromPassword([]byte(name), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		return config.MonitorUser{Name: name, PasswordHash: config.Secret(hash), Role: role, User: only}
	}
	eve := "eve"
	users := []config.MonitorUser{user("op", "operator", nil), user("rea", "reader", nil), user("eves", "operator", &eve)}
	return func(c *config.Config) { c.Monitor.Users = users }
}

func TestASignInMakesTokensThatMayDoNoMoreThanItself(t *testing.T) {
	onEach(t, false, func(d *door) {
		const all = `{"name":"shop","scopes":["tasks:send:echo","admin"]}`
		made := d.want(http.StatusCreated, d.do("POST", "/v1/tokens", all, as("op")), "name=shop", "scopes.0=admin", "scopes.1=tasks:send:echo", "expires=null")
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tokens", `{"scopes":["admin"]}`, as("op")), "errors.0.pointer=/name")
		d.want(http.StatusForbidden, d.do("POST", "/v1/tokens", all, as("rea")), "scope=tokens:write")
		d.want(http.StatusForbidden, d.do("POST", "/v1/tokens", all, as("eves")), "scope=admin")
		d.want(http.StatusForbidden, d.do("POST", "/v1/tokens", `{"name":"x","scopes":["queues:write"]}`, as("eves")), "scope=queues:write")
		d.want(http.StatusNotFound, d.do("POST", "/v1/tokens", `{"name":"x","scopes":["tasks:read"],"user":"ada"}`, as("eves")))
		bound := d.want(http.StatusCreated, d.do("POST", "/v1/tokens", `{"name":"x","scopes":["tasks:read","tokens:read","tokens:write"],"expires_in":"90m"}`, as("eves")), "user=eve")
		if expires := bound.field("expires"); expires == "" || expires == "null" {
			d.Errorf("it does not end: %s", bound.body)
		}
		d.token = made.field("token")
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", some))
		d.token = bound.field("token")
		d.want(http.StatusNotFound, d.do("GET", "/v1/tasks/a", ""))
		records, err := d.system.Audit.Read(t.Context(), "", 10)
		if err != nil || len(records) != 2 || records[0].Did != "make token" || records[0].User != "eve" || records[0].Actor != (audit.Actor{Name: "eves", Via: audit.Request, From: "127.0.0.1"}) {
			d.Errorf("audited %+v, %v", records, err)
		}
	}, signedIn(t))
}

func TestTokensAreListedAndRevokedByThoseWhoMay(t *testing.T) {
	onEach(t, false, func(d *door) {
		adas := d.make(tokens.New{User: "ada"}, "tasks:read", "tokens:make")
		secret := d.token
		child := d.want(http.StatusCreated, d.do("POST", "/v1/tokens", `{"scopes":["tasks:read"],"expires_in":"15m"}`)).field("id")
		d.token = ""
		eves := d.make(tokens.New{User: "eve"}, "tokens:read", "tokens:write")
		evesToken := d.token
		d.token = ""
		a := d.want(http.StatusOK, d.do("GET", "/v1/tokens?limit=1", "", as("op")), "items.0.id="+eves, "items.0.state=active", "items.0.uses=0", "items.0.scopes.0=tokens:read", "items.1=")
		d.want(http.StatusOK, d.do("GET", "/v1/tokens?limit=1&cursor="+a.field("next"), "", as("op")), "items.0.id="+adas, "next=null")
		all := d.want(http.StatusOK, d.do("GET", "/v1/tokens?children=true", "", as("op")))
		if !strings.Contains(all.body, child) || strings.Contains(all.body, secret[len(secret)-43:]) || strings.Contains(all.body, "hash") {
			d.Error(all.body)
		}
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/tokens?cursor=x", "", as("op")), "errors.0.parameter=cursor")
		d.want(http.StatusForbidden, d.do("GET", "/v1/tokens", "", as("rea")), "scope=tokens:read")
		d.want(http.StatusForbidden, d.do("DELETE", "/v1/tokens/"+adas, "", as("rea")), "scope=tokens:write")
		d.want(http.StatusNotFound, d.do("DELETE", "/v1/tokens/"+adas, "", as("eves")))
		d.want(http.StatusNotFound, d.do("DELETE", "/v1/tokens/none", "", as("op")))
		d.token = evesToken
		d.want(http.StatusOK, d.do("GET", "/v1/tokens?children=true", ""), "items.0.id="+eves, "items.1=")
		d.want(http.StatusNotFound, d.do("DELETE", "/v1/tokens/"+adas, ""))
		d.token = ""
		for range 2 { // it stays revoked
			d.want(http.StatusNoContent, d.do("DELETE", "/v1/tokens/"+adas, "", as("op")))
		}
		d.token = secret
		d.want(http.StatusUnauthorized, d.do("GET", "/v1/tasks", ""))
		d.token = ""
		records, err := d.system.Audit.Read(t.Context(), "ada", 10)
		if err != nil || len(records) != 3 || records[0].Did != "revoke token" || records[0].Name != "op" || records[1].Did != "make token" {
			d.Errorf("audited %+v, %v", records, err)
		}
	}, signedIn(t))
}
