package reconcile

import (
	"slices"

	"scim2slack/slackapi"
)

// How many members one call to Slack adds and removes. Slack takes 15,000 and recommends 5,000 (slack-scim.md 4.8, DOC); each
// removal is an operation of its own, for which no limit is known, so that number is kept moderate.
const (
	addsPerCall     = 5000
	removalsPerCall = 500
)

// planGroup returns the calls that make a linked Slack group what it should be: fewest calls, chunked, additions first, so that a
// group that is exchanged is never empty in between. name is the name that is desired, knownName Slack's. want and
// known are Slack user ids. It is pure; the result does not depend on the order of want and known.
func planGroup(name, knownName string, want, known []string) []slackapi.GroupChange {
	add, remove := difference(want, known), difference(known, want)
	var calls []slackapi.GroupChange
	for chunk := range slices.Chunk(add, addsPerCall) {
		calls = append(calls, slackapi.GroupChange{Add: chunk})
	}
	i := 0
	for chunk := range slices.Chunk(remove, removalsPerCall) {
		if i < len(calls) {
			calls[i].Remove = chunk
		} else {
			calls = append(calls, slackapi.GroupChange{Remove: chunk})
		}
		i++
	}
	if name != knownName {
		if len(calls) == 0 {
			calls = append(calls, slackapi.GroupChange{})
		}
		calls[0].Name = &name
	}
	return calls
}

// difference returns the sorted elements of a that are not in b, each once.
func difference(a, b []string) []string {
	in := make(map[string]bool, len(b))
	for _, v := range b {
		in[v] = true
	}
	var out []string
	for _, v := range a {
		if !in[v] {
			in[v] = true
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}
