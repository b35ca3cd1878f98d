package main

import (
	"maps"
	"slices"
	"strings"
)

// otherVariables are read by the command line, not by the configuration.
var otherVariables = []string{variablePrefix + "LOG_LEVEL"}

// readEnvironment lays the variables over what the file said. An empty variable counts as unset, as container tools set those.
// The variables of a source fill the source named default, or make it.
func (l *loader) readEnvironment(environ []string) {
	variables := map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, variablePrefix) && value != "" {
			variables[name] = value
		}
	}
	known := slices.Clone(otherVariables)
	for _, k := range gatewayKeys(l.config) {
		known = append(known, k.variable)
		l.readVariable(k, k.path, variables)
	}
	known = append(known, limitsVariable)
	if text, given := variables[limitsVariable]; given {
		l.readLimitsVariable(text)
	}
	known = append(known, l.readSourceVariables(variables)...)
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if !slices.Contains(known, name) && !madeByOrchestrators(name) {
			l.warn(origin{variable: name}, "", "there is no such variable, so it does nothing%s", nearest(name, known))
		}
	}
}

func (l *loader) readSourceVariables(variables map[string]string) (known []string) {
	i := l.config.sourceNamed(defaultSource)
	source := newSourceConfig(defaultSource)
	if i >= 0 {
		source = l.config.Sources[i]
	}
	// needed reports whether a variable is given, which makes the source if there is none yet.
	needed := func(variable string) bool {
		known = append(known, variable)
		if _, given := variables[variable]; !given {
			return false
		}
		if i < 0 {
			i = len(l.config.Sources)
			l.config.Sources = append(l.config.Sources, source)
			l.origins[sourcePath(i, "")] = origin{variable: variable}
		}
		return true
	}
	for _, k := range sourceKeys(source) {
		if k.variable != "" && needed(k.variable) {
			l.readVariable(k, sourcePath(i, k.path), variables)
		}
	}
	rules := ruleVariables()
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		if needed(name) {
			if rule, ok := l.readRuleVariable(name, variables[name]); ok {
				rules[name](&source.Rules, rule)
			}
		}
	}
	return known
}

func (l *loader) readVariable(k key, path string, variables map[string]string) {
	text, given := variables[k.variable]
	if !given {
		return
	}
	texts := []string{text}
	if k.kind == kindList {
		texts = nil
		for item := range strings.SplitSeq(text, ",") {
			texts = append(texts, strings.TrimSpace(item))
		}
	}
	place := origin{variable: k.variable}
	if err := k.set(texts); err != nil {
		l.report(place, path, "%v", err)
	}
	l.origins[path] = place
}

// madeByOrchestrators reports whether a variable is one of those that Kubernetes makes for a service named scim2slack.
func madeByOrchestrators(name string) bool {
	rest := strings.TrimPrefix(name, variablePrefix)
	return rest == "SERVICE_HOST" || rest == "PORT" || strings.HasPrefix(rest, "SERVICE_PORT") || strings.HasPrefix(rest, "PORT_")
}

// nearest suggests the variable that is one letter away, if there is one.
func nearest(name string, known []string) string {
	for _, k := range known {
		if withinOneEdit(name, k) {
			return ": did you mean " + k + "?"
		}
	}
	return ""
}

// withinOneEdit reports whether one inserted, removed, changed or swapped letter makes b of a.
func withinOneEdit(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	swapped := len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
	return len(a) <= 1 && len(b) <= 1 || swapped
}
