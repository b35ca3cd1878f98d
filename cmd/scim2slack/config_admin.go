package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"scim2slack/server/admin"
)

// adminToken is one of several tokens of the admin API.
type adminToken struct {
	Name    string
	Role    admin.Role
	Expires time.Time // zero: never
	hashed
}

// adminTokenName is that of admin.token in records.
const adminTokenName = "token"

type metricsMode string

const (
	metricsOpen  metricsMode = "open"
	metricsToken metricsMode = "token"
)

// adminTokenPath is the path of a key of the i-th token; key may be "".
func adminTokenPath(i int, key string) string {
	return strings.TrimSuffix(fmt.Sprintf("admin.tokens[%d].%s", i, key), ".")
}

// readAdminTokens reads the list admin.tokens. It has no variable: whoever needs several tokens has a file.
func (l *loader) readAdminTokens(path string, node ast.Node) {
	l.readEach(path, node, "token", func(_ int, here string) readers {
		t := &adminToken{}
		l.config.Admin.Tokens = append(l.config.Admin.Tokens, t)
		return l.keyReaders(t.keys(), here+".")
	})
}

func (t *adminToken) keys() []key {
	return []key{
		textKey("name", "", &t.Name, checkSourceName),
		choiceKey("role", "", &t.Role, admin.Roles()...),
		textKey("sha256", "", &t.SHA256, checkHash),
		textKey("tokenFile", "", &t.File, notEmpty),
		momentKey("expires", &t.Expires),
	}
}

// checkAdminTokens reads the files of tokens and wants each token whole.
func (l *loader) checkAdminTokens() {
	names := map[string]bool{adminTokenName: l.config.Admin.Token != ""}
	for i, t := range l.config.Admin.Tokens {
		path := func(key string) string { return adminTokenPath(i, key) }
		place := func(key string) origin {
			if at, given := l.origins[path(key)]; given {
				return at
			}
			return l.origins[path("")]
		}
		switch {
		case t.Name == "" && !l.faulty(path("name")):
			l.report(place(""), path("name"), "is missing: records name who did something by it")
		case t.Name != "" && names[t.Name]:
			l.report(place("name"), path("name"), "is %s, as is that of another token: use a name of its own", quote(t.Name))
		}
		names[t.Name] = true
		if t.Role == "" && !l.faulty(path("role")) {
			l.report(place(""), path("role"), "is missing: use %s", alternatives(admin.Roles()))
		}
		l.readHashed(path(""), &t.hashed, "sha256", "tokenFile", checkToken)
		if !t.Expires.IsZero() && !time.Now().Before(t.Expires) {
			l.warn(place("expires"), path("expires"), "is over: the token opens nothing any more; replace it or leave it out")
		}
	}
}

// adminTokens are all tokens of the admin API. The one of admin.token may do everything.
func (c *config) adminTokens() []admin.Token {
	var out []admin.Token
	if c.Admin.Token != "" {
		out = append(out, admin.NewToken(adminTokenName, admin.Approver, c.Admin.Token.reveal()))
	}
	for _, t := range c.Admin.Tokens {
		out = append(out, admin.Token{Name: t.Name, Role: t.Role, Hash: t.hash, Expires: t.Expires})
	}
	return out
}

// adminTokensText shows whose tokens there are.
func adminTokensText(tokens []*adminToken) string {
	texts := make([]string, len(tokens))
	for i, t := range tokens {
		texts[i] = t.Name + "=" + string(t.Role)
		if !t.Expires.IsZero() {
			texts[i] += " until " + t.Expires.Format(time.RFC3339)
		}
	}
	return strings.Join(texts, ", ")
}

func checkHost(text string) error {
	if !hostName.MatchString(text) {
		return fmt.Errorf("lists %s: use names without scheme and port, such as gateway.example.com", quoteValue(text))
	}
	return nil
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$`)
