package translate

import (
	"encoding/json"
	"net/url"
	"strings"
)

// primaryPhone and mobilePhone go by what the source means. That Slack's requests mean the opposite by type
// (slack-scim 3.2) is for Slack's client to know.
func primaryPhone(t *translation, m *mapping) {
	t.choose(m, []string{"value"}, isVoice, phoneNumber, isType("work"), isPrimary, anyElement)
}

func mobilePhone(t *translation, m *mapping) {
	t.choose(m, []string{"value"}, isType("mobile"), phoneNumber, anyElement)
}

// isVoice is false for numbers at which nobody answers, and for mobile numbers, which have a place of their own in Slack.
func isVoice(e element) bool { return !isType("mobile", "fax", "pager")(e) }

// phoneNumber takes the scheme off a tel URI (RFC 3966), the form that RFC 7643 section 4.1.2 recommends.
func phoneNumber(_ *translation, _ *mapping, s string) (string, bool) {
	if len(s) > 4 && strings.EqualFold(s[:4], "tel:") {
		return strings.TrimSpace(s[4:]), true
	}
	return s, true
}

func photo(t *translation, m *mapping) {
	t.choose(m, []string{"value"}, anyElement, photoURL, isType("photo"), anyElement)
}

// photoURL takes what Slack fetches a photo from: a public URL or a data URL (slack-scim 3.2, DOC).
func photoURL(t *translation, m *mapping, s string) (string, bool) {
	if scheme, rest, _ := strings.Cut(s, ":"); strings.EqualFold(scheme, "data") && strings.Contains(rest, ",") {
		return s, true
	}
	if u, err := url.Parse(s); err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		return s, true
	}
	t.leaveOut(m, s, "Slack takes a photo only from an http, https or data URL")
	return "", false
}

func role(t *translation, m *mapping) {
	t.choose(m, []string{"value", "display"}, anyElement, roleLabel, isPrimary, anyElement)
}

// roleLabel takes apart the JSON text that Entra's app role mapping writes into a role's value (push-clients, 3.2).
// Other text is the label itself.
func roleLabel(t *translation, m *mapping, s string) (string, bool) {
	var assignment struct{ DisplayName, Value any }
	if !strings.HasPrefix(s, "{") || json.Unmarshal([]byte(s), &assignment) != nil {
		return s, true
	}
	for _, part := range []any{assignment.DisplayName, assignment.Value} {
		text, _ := part.(string)
		if label, _ := plain(text, " "); label != "" {
			return label, true
		}
	}
	t.leaveOut(m, s, "it is a JSON text without displayName and value")
	return "", false
}

// addressParts are the five parts of an address that Slack keeps, addressTexts the same with the text that may stand in for
// them.
var (
	addressParts = []string{"streetAddress", "locality", "region", "postalCode", "country"}
	addressTexts = append(addressParts[:len(addressParts):len(addressParts)], "formatted")
)

// addressPart maps one part of the chosen address. Slack keeps a single address, so what that one lacks is cleared: a
// street of one city and the postal code of another would be worse.
func addressPart(t *translation, m *mapping) {
	value, spoken := lookup(t.doc, m.schema, m.attribute, "")
	if !spoken {
		return
	}
	all := elements(value, addressTexts...)
	chosen, ok := pickAmong(all, hasText, isPrimary, isType("work"), anyElement)
	if !ok {
		if saysNone(value, all) {
			t.set(m, "")
		}
		return
	}
	raw, isText := textOf(chosen.object[m.sub])
	if chosen.object == nil || !isText {
		raw = ""
	}
	if m.sub == "streetAddress" && onlyFormatted(chosen) {
		raw = chosen.text
	}
	if s, ok := t.text(m, joinLines(raw)); ok {
		t.set(m, s)
	}
}

// onlyFormatted reports that an address has none of the parts, so that its text is formatted, or a bare text.
func onlyFormatted(e element) bool {
	for _, part := range addressParts {
		if text, _ := textOf(e.object[part]); strings.TrimSpace(text) != "" {
			return false
		}
	}
	return true
}

// joinLines writes an address on one line. Line breaks are lawful in an address (RFC 7643 section 4.1.2), so nobody is warned.
func joinLines(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	kept := lines[:0]
	for _, line := range lines {
		if line = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), ",")); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, ", ")
}
