package main

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"scim2slack/server"
)

// staticConfig is one of several secrets of a source: a token with a name, or the password of a user.
type staticConfig struct {
	Name     string // of a token; "basic" for a password
	User     string // of a password
	Expires  time.Time
	ReadOnly bool
	hashed
}

func tokenKeys(t *staticConfig) []key {
	return []key{
		textKey("name", "", &t.Name, checkSourceName),
		textKey("sha256", "", &t.SHA256, checkHash),
		textKey("file", "", &t.File, notEmpty),
		momentKey("expires", &t.Expires),
		booleanKey("readOnly", "", &t.ReadOnly),
	}
}

func basicKeys(b *staticConfig) []key {
	return []key{
		textKey("user", "", &b.User, checkUser),
		textKey("sha256", "", &b.SHA256, checkHash),
		textKey("passwordFile", "", &b.File, notEmpty),
		momentKey("expires", &b.Expires),
		booleanKey("readOnly", "", &b.ReadOnly),
	}
}

// staticReaders read the lists tokens and basic of a source. prefix stands before their paths, with its dot.
func (l *loader) staticReaders(s *sourceConfig, prefix string) readers {
	list := func(into *[]*staticConfig, what, name string, keys func(*staticConfig) []key) func(string, ast.Node) {
		return func(path string, node ast.Node) {
			l.readEach(path, node, what, func(_ int, here string) readers {
				c := &staticConfig{Name: name}
				*into = append(*into, c)
				return l.keyReaders(keys(c), here+".")
			})
		}
	}
	return readers{
		prefix + "tokens": list(&s.Tokens, "token", "", tokenKeys),
		prefix + "basic":  list(&s.Basic, "user", "basic", basicKeys),
	}
}

// parseMoment reads when something ends: a day in UTC, which is the last one, or a moment.
func parseMoment(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return moment, fmt.Errorf("is %s: use the last day, such as 2027-01-31, or a moment, such as 2027-01-31T12:00:00Z", quoteValue(text))
	}
	return moment, nil
}

func momentKey(path string, p *time.Time) key {
	return newKey(path, "", kindText, func(texts []string) (err error) {
		*p, err = parseMoment(texts[0])
		return err
	}, nil)
}

// statics yields the lists tokens and basic of the i-th source, each with its path.
func (s *sourceConfig) statics(i int) iter.Seq2[string, *staticConfig] {
	return func(yield func(string, *staticConfig) bool) {
		for j, t := range s.Tokens {
			if !yield(staticPath(i, "tokens", j), t) {
				return
			}
		}
		for j, b := range s.Basic {
			if !yield(staticPath(i, "basic", j), b) {
				return
			}
		}
	}
}

// staticPath is the path of the j-th of a list of the i-th source.
func staticPath(i int, list string, j int) string {
	return fmt.Sprintf("%s[%d]", sourcePath(i, list), j)
}

// called is what people call it: the name of a token, the user of a password.
func (c *staticConfig) called() string { return cmp.Or(c.User, c.Name) }

// describe shows it, without anything of the secret.
func (c *staticConfig) describe() string {
	words := []string{c.called()}
	if c.ReadOnly {
		words = append(words, "read-only")
	}
	if !c.Expires.IsZero() {
		words = append(words, "until "+c.Expires.UTC().Format(time.RFC3339))
	}
	return strings.Join(words, ", ")
}

// staticCredentials are the credentials of the source that are secrets.
func (s *sourceConfig) staticCredentials() []server.Credential {
	var out []server.Credential
	if s.Token != "" {
		c := server.Token(s.Name, s.Token.reveal())
		c.Form, c.ReadOnly = s.Header.form(), s.ReadOnly
		out = append(out, c)
	}
	for _, t := range slices.Concat(s.Tokens, s.Basic) {
		out = append(out, server.Credential{Source: s.Name, Name: t.Name, User: t.User, TokenHash: t.hash, Form: s.Header.form(), Expires: t.Expires,
			ReadOnly: s.ReadOnly || t.ReadOnly})
	}
	return out
}
