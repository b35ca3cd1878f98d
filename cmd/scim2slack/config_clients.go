package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"scim2slack/server"
)

// clientConfig lets a source get short tokens by OAuth 2 client credentials (docs/jwt.md).
type clientConfig struct {
	ID     string
	Scopes []string
	hashed

	path string
}

func clientKeys(c *clientConfig) []key {
	return []key{
		textKey("id", "", &c.ID, checkClientID),
		textKey("secretSHA256", "", &c.SHA256, checkHash),
		textKey("secretFile", "", &c.File, notEmpty),
		listKey("scopes", "", &c.Scopes, func(text string) error {
			if choices := []string{server.ScopeRead, server.ScopeWrite}; !slices.Contains(choices, text) {
				return fmt.Errorf("lists %s: use %s, or both", quoteValue(text), alternatives(choices))
			}
			return nil
		}),
	}
}

// checkClientID allows what goes through every form of OAuth 2 as it is.
func checkClientID(text string) error {
	if !clientID.MatchString(text) {
		return fmt.Errorf("is %s: use up to 128 letters, digits, dots, dashes, tildes and underscores", quoteValue(text))
	}
	return nil
}

var clientID = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,128}$`)

// clientReaders read the list clients of a source. prefix stands before its path, with its dot.
func (l *loader) clientReaders(s *sourceConfig, prefix string) readers {
	return readers{prefix + "clients": func(path string, node ast.Node) {
		l.readEach(path, node, "client", func(_ int, here string) readers {
			c := &clientConfig{path: here}
			s.Clients = append(s.Clients, c)
			return l.keyReaders(clientKeys(c), here+".")
		})
	}}
}

// checkClients completes the clients of all sources, and says what is wrong with them. Two of one id are one client whose secret is being replaced.
func (l *loader) checkClients() {
	owner, seen := map[string]string{}, map[string]bool{}
	for _, s := range l.config.Sources {
		for _, c := range s.Clients {
			if l.unread(c.path) {
				continue
			}
			l.checkClient(c)
			if other, taken := owner[c.ID]; taken && other != s.Name {
				l.report(l.origins[c.path+".id"], c.path+".id", "is %s, as is that of a client of the source %s: use an id of its own", quote(c.ID), quote(other))
			}
			if proof := fmt.Sprintf("%s %x", c.ID, c.hash); seen[proof] && !l.faulty(c.path) {
				l.report(l.origins[c.path], c.path, "is there twice, with the same secret: leave one out")
			} else {
				seen[proof] = true
			}
			owner[c.ID] = s.Name
		}
	}
}

func (l *loader) checkClient(c *clientConfig) {
	if c.ID == "" && !l.faulty(c.path+".id") {
		l.report(l.origins[c.path], c.path+".id", "is missing: give the client the id by which it asks for tokens")
	}
	if c.Scopes != nil && len(c.Scopes) == 0 {
		l.report(l.origins[c.path+".scopes"], c.path+".scopes", "is empty: use scim.read, scim.write or both, or leave the key out for both")
	}
	l.readHashed(c.path, &c.hashed, "secretSHA256", "secretFile", checkToken)
}

// readOnly: scim.write includes scim.read.
func (c *clientConfig) readOnly() bool {
	return c.Scopes != nil && !slices.Contains(c.Scopes, server.ScopeWrite)
}

// describe shows a client without anything of its secret.
func (c *clientConfig) describe() string {
	scopes := c.Scopes
	if scopes == nil {
		scopes = []string{server.ScopeRead, server.ScopeWrite}
	}
	return c.ID + ": " + strings.Join(scopes, " ")
}

// clientCredentials are the credentials of the source that are clients.
func (s *sourceConfig) clientCredentials() []server.Credential {
	var out []server.Credential
	for _, c := range s.Clients {
		out = append(out, server.Credential{Source: s.Name, Name: "client " + c.ID, ReadOnly: s.ReadOnly || c.readOnly(), Client: &server.Client{ID: c.ID, SecretHash: c.hash}})
	}
	return out
}
