package translate

import (
	"errors"
	"slices"
	"strings"
	"time"

	"scim2slack/scim"
)

// strict maps an attribute of which nothing may be guessed or left out, because it bounds somebody's access: what the cleaner does
// not take refuses the person.
func strict(clean cleaner) func(*translation, *mapping) {
	return func(t *translation, m *mapping) {
		value, spoken := lookup(t.doc, m.schema, m.attribute, m.sub)
		if !spoken {
			return
		}
		raw, ok := textOf(value)
		if !ok {
			t.refuse("guest "+m.label(), "", "is not a text", "send a single value")
			return
		}
		s := strings.TrimSpace(raw)
		if s != "" {
			if s, ok = clean(t, m, s); !ok {
				return
			}
		}
		t.set(m, s)
	}
}

// guestType takes the one kind of guest that Slack makes through SCIM (slack-scim 3.2, DOC). Anything else refuses the person, who
// would otherwise become a full member.
func guestType(t *translation, m *mapping, s string) (string, bool) {
	if strings.EqualFold(s, "multi") {
		return "multi", true
	}
	t.refuse("guest type", s, "is not one that Slack makes",
		"send multi, a guest of several channels, or no guest type for a full member")
	return "", false
}

// guestExpiration wants the moment at which the access ends, and refuses the person rather than make a guest who stays for ever.
func guestExpiration(t *translation, m *mapping, s string) (string, bool) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05-0700"} {
		end, err := time.Parse(form, strings.ToUpper(s))
		if err != nil {
			continue
		}
		if end = end.UTC(); end.Year() >= 0 && end.Year() <= 9999 {
			return end.Format(time.RFC3339), true
		}
	}
	t.errs = append(t.errs, &Error{Attribute: "guest expiration", Value: excerpt(s), Missing: true,
		Problem: "is not a date with a time and an offset", Remedy: "send one such as 2026-12-31T00:00:00Z"})
	return "", false
}

// checkGuest refuses an expiration for a person who is no guest: the source means the access to end, and a full member's
// would not.
func (t *translation) checkGuest() {
	expiration := t.user.Profile[scim.SlackGuestExpiration]
	if expiration == "" || t.user.Profile[scim.SlackGuestType] != "" {
		return
	}
	delete(t.user.Profile, scim.SlackGuestExpiration)
	typeRefused := slices.ContainsFunc(t.errs, func(err error) bool {
		var e *Error
		return errors.As(err, &e) && e.Attribute == "guest type"
	})
	if !typeRefused {
		t.errs = append(t.errs, &Error{Attribute: "guest expiration", Value: excerpt(expiration), Missing: true,
			Problem: "is set for a person who is no guest", Remedy: "send the guest type multi too"})
	}
}
