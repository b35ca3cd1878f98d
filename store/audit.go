package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// Audit is one record of what came in, was decided, was intended and came out. Its JSON is what stores keep, export and seal: a field is
// never renamed, and a new one is left out while it is empty.
//
// A record names people by the ids of their resources and of their Slack accounts alone: userName, e-mail and every other value that a source sent are
// in no field but Changes and Message, where a store hashes or drops them unless it is told to keep values (Sealer).
type Audit struct {
	Seq        uint64    `json:"-"`
	Time       time.Time `json:"time,omitzero"`
	Actor      string    `json:"actor,omitempty"` // "source:NAME", "gateway", "configuration", "admin", "admin:NAME" or, of what was refused to nobody known, "unknown"
	Key        Key       `json:"key,omitzero"`
	Event      string    `json:"event,omitempty"` // e.g. resource.created, slack.intent, slack.refused, link.created
	RequestID  string    `json:"requestId,omitempty"`
	Generation uint64    `json:"generation,omitempty"`
	SlackID    string    `json:"slackId,omitempty"`
	Changes    []Change  `json:"changes,omitempty"`
	// Added and Removed are the ids of members that came into a group and left it, at most MostMembers of each; Detail has their numbers.
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
	Reason  string   `json:"reason,omitempty"` // an identifier: Slack's error, or ours
	Rule    string   `json:"rule,omitempty"`   // where the rule is written that decided
	Plan    string   `json:"plan,omitempty"`   // the id of the plan that was carried out
	// Calls are those to Slack that were made since the record before, with their answers, oldest first.
	Calls   []SlackCall `json:"calls,omitempty"`
	Detail  string      `json:"detail,omitempty"`  // never with a value of a person
	Message string      `json:"message,omitempty"` // a sentence for the administrator, which may quote values
}

// MostMembers is how many ids of members a record has: who fills a group of thousands has said so in one request, which the record is about.
const MostMembers = 100

// Change is an attribute that changed. Where a store keeps no values, Before and After come back as keyed hashes ("hmac:..."): equal for equal
// values of an attribute, and otherwise telling nothing. nil, true and false stay as they are.
type Change struct {
	Attribute string `json:"attribute"`
	Before    any    `json:"before,omitempty"`
	After     any    `json:"after,omitempty"`
	Rule      string `json:"rule,omitempty"` // where the rule is written that gave it
}

// Attributes returns the names of what changed.
func (a Audit) Attributes() []string {
	var names []string
	for _, c := range a.Changes {
		names = append(names, c.Attribute)
	}
	return names
}

// Changed makes changes of names alone.
func Changed(attributes ...string) []Change {
	var changes []Change
	for _, a := range attributes {
		changes = append(changes, Change{Attribute: a})
	}
	return changes
}

// SlackCall is one HTTP call to Slack and its answer.
type SlackCall struct {
	Method string `json:"method"`
	Path   string `json:"path"`             // with {id} for the id of a user or group, and without its query
	Status int    `json:"status,omitempty"` // of HTTP; 0 if there was no answer
	Error  string `json:"error,omitempty"`  // Slack's identifier, or what became of the call: unknown, not_sent...
}

// DecodeAudit reads the JSON of a record. Its Seq is not in it.
func DecodeAudit(record []byte) (a Audit, err error) {
	if err := json.Unmarshal(record, &a); err != nil {
		return Audit{}, fmt.Errorf("read an audit record: %w", err)
	}
	return a, nil
}

// Record returns the JSON of a record as it is kept. A nil Sealer has no key to hash values with, and keeps names alone.
func (s *Sealer) Record(a Audit) ([]byte, error) {
	a.Time = a.Time.UTC()
	if s == nil || !s.values {
		a.Message = ""
		a.Changes = s.digested(a.Changes)
	}
	record, err := json.Marshal(&a)
	if err != nil {
		return nil, fmt.Errorf("write an audit record of %s: %w", a.Key, err)
	}
	return record, nil
}

// digested replaces values by their hashes.
func (s *Sealer) digested(changes []Change) []Change {
	if len(changes) == 0 {
		return nil
	}
	out := make([]Change, len(changes))
	for i, c := range changes {
		out[i] = Change{Attribute: c.Attribute, Rule: c.Rule}
		if s != nil {
			out[i].Before, out[i].After = s.keys[0].digest(c.Attribute, c.Before), s.keys[0].digest(c.Attribute, c.After)
		}
	}
	return out
}
