package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"scim2slack/slackapi"
)

const limitsVariable = variablePrefix + "SLACK_LIMITS"

// readLimits reads slack.limits: {createUser: {perMinute: 180, burst: 20}}.
func (l *loader) readLimits(path string, node ast.Node) {
	values := map[string]*slackapi.Limit{}
	r := readers{}
	for _, name := range slackapi.LimitNames() {
		here := path + "." + name
		values[name] = &slackapi.Limit{}
		r[here] = func(_ string, node ast.Node) {
			before := len(l.faults)
			l.readMapping(node, here, l.keyReaders(limitKeys(values[name]), here+"."))
			if len(l.faults) > before {
				return
			}
			if values[name].PerMinute == 0 || values[name].Burst == 0 {
				l.report(at(node.GetToken()), here, "needs perMinute and burst, such as {perMinute: 180, burst: 20}")
				return
			}
			l.config.Slack.Limits[name] = *values[name]
		}
	}
	l.readMapping(node, path, r)
}

func limitKeys(limit *slackapi.Limit) []key {
	return []key{
		newKey("perMinute", "", kindNumber, func(texts []string) (err error) {
			limit.PerMinute, err = parsePerMinute(texts[0])
			return err
		}, nil),
		newKey("burst", "", kindNumber, func(texts []string) (err error) {
			limit.Burst, err = parseBurst(texts[0])
			return err
		}, nil),
	}
}

func parsePerMinute(text string) (float64, error) {
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || !(rate > 0) || math.IsInf(rate, 0) {
		return 0, fmt.Errorf("is %s: use the calls that Slack grants a minute, a number above 0", quoteValue(text))
	}
	return rate, nil
}

func parseBurst(text string) (int, error) {
	burst, err := strconv.Atoi(text)
	if err != nil || burst < 1 {
		return 0, fmt.Errorf("is %s: use the calls that may come at once, an integer of 1 or more", quoteValue(text))
	}
	return burst, nil
}

// readLimitsVariable reads createUser=180/20,updateUser=180/20: calls a minute, burst.
func (l *loader) readLimitsVariable(text string) {
	place := origin{variable: limitsVariable}
	limits := map[string]slackapi.Limit{}
	for item := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		rate, burst, complete := strings.Cut(value, "/")
		if !slices.Contains(slackapi.LimitNames(), name) {
			l.report(place, "slack.limits", "there is no limit %s: use %s", quoteValue(name), alternatives(slackapi.LimitNames()))
			continue
		}
		if !complete {
			l.report(place, "slack.limits", "%s is not complete: use NAME=PER_MINUTE/BURST, such as createUser=180/20", name)
			continue
		}
		limit, err := slackapi.Limit{}, error(nil)
		if limit.PerMinute, err = parsePerMinute(rate); err == nil {
			limit.Burst, err = parseBurst(burst)
		}
		if err != nil {
			l.report(place, "slack.limits", "%s %v", name, err)
			continue
		}
		limits[name] = limit
	}
	l.config.Slack.Limits = limits
}

// limitsText shows limits as the variable gives them.
func limitsText(limits map[string]slackapi.Limit) string {
	var items []string
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		items = append(items, fmt.Sprintf("%s=%g/%d", name, limits[name].PerMinute, limits[name].Burst))
	}
	return strings.Join(items, ", ")
}

func sortedNames(r readers) []string { return slices.Sorted(maps.Keys(r)) }
