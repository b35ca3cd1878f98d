package main

import (
	"net/http"
	"strings"

	"scim2slack/reconcile"
	"scim2slack/scimhandlers"
	"scim2slack/server"
)

// This file turns the configuration into what the packages want.

func (c *config) sourceNames() []string {
	names := make([]string, len(c.Sources))
	for i, s := range c.Sources {
		names[i] = s.Name
	}
	return names
}

func (c *config) options() map[string]reconcile.Options {
	options := map[string]reconcile.Options{}
	for _, s := range c.Sources {
		options[s.Name] = s.Options
	}
	return options
}

// credentials are those of all sources.
func (c *config) credentials() []server.Credential {
	var out []server.Credential
	for i, s := range c.Sources {
		out = append(out, s.staticCredentials()...)
		out = append(out, s.trustCredentials(i)...)
		out = append(out, s.clientCredentials()...)
		if len(s.MTLS.SANs) > 0 {
			out = append(out, server.Credential{Source: s.Name, Name: "mtls", ReadOnly: s.ReadOnly, SANs: s.MTLS.SANs})
		}
	}
	return out
}

// caller tells the handlers how the source of a request wants to be understood.
func (c *config) caller() func(*http.Request) scimhandlers.Source {
	sources := map[string]scimhandlers.Source{}
	for _, s := range c.Sources {
		sources[s.Name] = scimhandlers.Source{Name: s.Name, Profile: s.Profile, GroupsDecide: s.Options.Rules.ReadsGroups(),
			NestedDecide: s.Options.NestedGroups == reconcile.NestedFlatten}
	}
	return func(r *http.Request) scimhandlers.Source { return sources[server.SourceName(r.Context())] }
}

// lookup returns the value of a variable.
func lookup(environ []string, name string) (string, bool) {
	for _, entry := range environ {
		if value, found := strings.CutPrefix(entry, name+"="); found {
			return value, true
		}
	}
	return "", false
}
