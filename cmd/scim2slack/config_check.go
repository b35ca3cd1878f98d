package main

import (
	"crypto/sha256"
	"net"
	"net/url"
	"slices"
	"strings"

	"scim2slack/dialect"
)

func (l *loader) checkAll() {
	if l.rulesOnly {
		l.checkSources()
		return
	}
	c := l.config
	l.readEncryption()
	l.readTokenFile("admin.token", "admin.tokenFile", &c.Admin.Token, c.Admin.TokenFile)
	l.checkAdminTokens()
	l.readTokenFile("audit.key", "audit.keyFile", &c.Audit.Key, c.Audit.KeyFile)
	l.checkAuditKey()
	l.readTokenFile("slack.token", "slack.tokenFile", &c.Slack.Token, c.Slack.TokenFile)
	if c.Slack.Token == "" && !l.faulty("slack.token", "slack.tokenFile") && !l.unread("slack") {
		l.reportMissing("slack", "slack.token", "SCIM2SLACK_SLACK_TOKEN",
			"the Slack token is missing: set SCIM2SLACK_SLACK_TOKEN, slack.token or slack.tokenFile to a user token with the scope admin")
	}
	l.checkSources()
	l.checkTokensDiffer()
	l.checkTrustsDiffer()
	l.checkClients()
	l.checkListeners()
	l.checkTLS()
	if !c.Brake.Enabled && c.Brake.Reason == "" && !l.faulty("brake.reason") {
		l.report(l.origins["brake.enabled"], "brake.enabled", "is false without a reason: say why in brake.reason (SCIM2SLACK_BRAKE_REASON)")
	}
	l.checkSlackURLs()
	l.checkPermissions()
}

func (l *loader) checkSources() {
	if len(l.config.Sources) == 0 && !l.faulty("sources") {
		l.reportMissing("sources", "sources", "SCIM2SLACK_TOKEN",
			"there is no source: set SCIM2SLACK_TOKEN to the token that the source will present, or list it under sources")
	}
	names := map[string]bool{}
	for i, s := range l.config.Sources {
		path := func(key string) string { return sourcePath(i, key) }
		if s.Name == "" && !l.faulty(path("name")) {
			l.report(l.origins[path("")], path("name"), "is missing: give the source a name of its own, such as pingfederate")
		} else if names[s.Name] && s.Name != "" {
			l.report(l.origins[path("name")], path("name"), "is %s, as is that of another source: use a name of its own", quote(s.Name))
		}
		names[s.Name] = true
		if !l.rulesOnly {
			l.readTokenFile(path("token"), path("tokenFile"), &s.Token, s.TokenFile)
			l.checkStatics(i, s)
			l.checkTrusts(i, s)
		}
		l.compileRules(i, s)
		s.complete()
	}
}

// complete takes from the dialect what the configuration leaves open.
func (s *sourceConfig) complete() {
	s.Profile = s.Profile.Or(dialect.Of(s.Dialect))
	s.Options.SoftDeleteRenames = s.Profile.SoftDelete == dialect.SoftDeleteRename
}

// checkTokensDiffer keeps two callers from being one: a token names who calls.
func (l *loader) checkTokensDiffer() {
	holders := map[[sha256.Size]byte]string{}
	differ := func(given, name string, hash [sha256.Size]byte) {
		if other, taken := holders[hash]; taken {
			l.report(l.origins[given], given, "is the same token as that of %s: give each its own", other)
			return
		}
		holders[hash] = name
	}
	check := func(path, name string, token secret) {
		if token == "" {
			return
		}
		given := l.given(path)
		if path != "slack.token" && len(token) < 16 { // Slack makes its own
			l.warn(l.origins[given], given, "has only %d characters and can be guessed: use 32 random ones or more", len(token))
		}
		differ(given, name, sha256.Sum256([]byte(token.reveal())))
	}
	check("slack.token", "Slack", l.config.Slack.Token)
	check("admin.token", "the admin API", l.config.Admin.Token)
	for i, t := range l.config.Admin.Tokens {
		if given := adminTokenPath(i, "sha256"); t.known() {
			if _, direct := l.origins[given]; !direct {
				given = adminTokenPath(i, "tokenFile")
			}
			differ(given, "the admin "+quote(t.Name), t.hash)
		}
	}
	check("audit.key", "the audit", l.config.Audit.Key)
	for i, s := range l.config.Sources {
		check(sourcePath(i, "token"), "the source "+quote(s.Name), s.Token)
		for path, c := range s.statics(i) {
			if !c.known() {
				continue // it has a fault already
			}
			differ(path, quote(c.called())+" of the source "+quote(s.Name), c.hash)
		}
	}
}

func (l *loader) checkListeners() {
	c := l.config
	if c.Listen == c.Admin.Listen && !strings.HasSuffix(c.Listen, ":0") {
		key := "admin.listen"
		if _, given := l.origins[key]; !given {
			key = "listen"
		}
		l.report(l.origins[key], key, "is %s for both SCIM and the admin API: give each its own address", quote(c.Listen))
	}
}

func (l *loader) checkSlackURLs() {
	for path, text := range map[string]string{"slack.scimURL": l.config.Slack.SCIMURL, "slack.apiURL": l.config.Slack.APIURL} {
		u, err := url.Parse(text)
		if err == nil && u.Scheme == "http" && !isLoopback(net.JoinHostPort(u.Hostname(), "80")) {
			l.warn(l.origins[path], path, "is http and leaves this machine: the Slack token travels in the clear; use https")
		}
	}
}

// faulty reports whether one of the keys, or a key below it, has a fault already, so that what follows from it is not said as well.
func (l *loader) faulty(paths ...string) bool {
	for _, f := range l.faults {
		for _, path := range paths {
			if f.Key == path || strings.HasPrefix(f.Key, path+".") {
				return true
			}
		}
	}
	return false
}

// unread reports whether the mapping at path was not understood, so that nothing below it is known to be missing.
func (l *loader) unread(path string) bool {
	return slices.ContainsFunc(l.faults, func(f fault) bool { return f.Key == path })
}

// given returns the path under which a token was given: its own or that of its file.
func (l *loader) given(path string) string {
	if _, direct := l.origins[path]; direct {
		return path
	}
	return path + "File"
}
