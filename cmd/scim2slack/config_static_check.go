package main

import (
	"fmt"
	"time"

	"scim2slack/server"
)

// checkStatics completes the lists tokens and basic of a source, and says what is wrong with them.
func (l *loader) checkStatics(i int, s *sourceConfig) {
	names := map[string]bool{}
	for j, t := range s.Tokens {
		path := staticPath(i, "tokens", j)
		switch {
		case l.unread(path):
			continue
		case t.Name == "" && !l.faulty(path+".name"):
			l.report(l.origins[path], path+".name", "is missing: give the token a name, such as 2030-spring, by which logs and records call it")
		case names[t.Name] && t.Name != "":
			l.report(l.origins[path+".name"], path+".name", "is %s, as is that of another token of the source: use a name of its own", quote(t.Name))
		}
		names[t.Name] = true
		l.checkStatic(path, t, "file", checkToken)
	}
	for j, b := range s.Basic {
		path := staticPath(i, "basic", j)
		if l.unread(path) {
			continue
		}
		if b.User == "" && !l.faulty(path+".user") {
			l.report(l.origins[path], path+".user", "is missing: give the user that the source presents")
		}
		l.checkStatic(path, b, "passwordFile", func(text string) error { return unusable(server.CheckPassword(text)) })
	}
}

func (l *loader) checkStatic(path string, c *staticConfig, fileKey string, check func(string) error) {
	if !c.Expires.IsZero() && !time.Now().Before(c.Expires) {
		l.warn(l.origins[path+".expires"], path+".expires", "was %s: this opens nothing any more, leave it out", c.Expires.UTC().Format(time.RFC3339))
	}
	l.readHashed(path, &c.hashed, "sha256", fileKey, check)
}

func checkUser(text string) error { return unusable(server.CheckUser(text)) }

// unusable makes what the server says of a text a sentence about a key.
func unusable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot be used: %w", err)
}

// sourcesWithCredential are those that have one in the configuration.
func (c *config) sourcesWithCredential() map[string]bool {
	with := map[string]bool{}
	for _, credential := range c.credentials() {
		with[credential.Source] = true
	}
	return with
}

// withoutCredential warns of each source that nobody can push as unless the gateway made a token for it. The store alone knows that.
func (c *config) withoutCredential(file string) (warnings []fault) {
	with := c.sourcesWithCredential()
	for i, s := range c.Sources {
		if at := c.origins[sourcePath(i, "")]; !with[s.Name] {
			warnings = append(warnings, fault{File: file, Line: at.line, Column: at.column, Variable: at.variable, Key: sourcePath(i, "token"),
				Problem: fmt.Sprintf("the source %s has no credential here: set token or tokenFile, or make a token with "+
					"\"scim2slack token new --source %s\" when the gateway runs", quote(s.Name), s.Name)})
		}
	}
	return warnings
}
