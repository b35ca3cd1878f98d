package translate

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// emailLimit is the longest e-mail address in bytes (RFC 5321 section 4.5.3.1.3, without the brackets).
const emailLimit = 254

// plausible reports that s can be an e-mail address. Only what Slack is certain to refuse is refused here.
func plausible(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	if !found || local == "" || domain == "" || strings.Contains(domain, "@") || len(s) > emailLimit || !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || isControl(r) || unicode.Is(unicode.Cf, r) })
}

func isPlausible(e element) bool { return plausible(e.text) }

// primaryEmail maps the address by which Slack knows the person.
func primaryEmail(t *translation, m *mapping) {
	filled := only(elements(t.doc["emails"], "value"), hasText)
	chosen, ok := pickEmail(filled)
	if !ok {
		t.refuseEmails(filled)
		return
	}
	if t.dead(chosen.text) {
		t.leaveOut(m, chosen.text, "Entra gave this address to a user whom it deleted, and Slack keeps the one from before")
		return
	}
	if wanted := wantedPrimary(filled); !isPlausible(wanted) {
		t.warn(m, wanted.text, "this is not an e-mail address, so the next one was taken")
	}
	t.set(m, chosen.text)
}

func pickEmail(filled []element) (element, bool) {
	return pickAmong(filled, isPlausible, isPrimary, isType("work"), anyElement)
}

// wantedPrimary is the e-mail that the source means to be the primary one, be it an address or not.
func wantedPrimary(all []element) element {
	wanted, _ := pickAmong(all, hasText, isPrimary, isType("work"), anyElement)
	return wanted
}

func (t *translation) refuseEmails(filled []element) {
	if len(filled) == 0 {
		t.errs = append(t.errs, &Error{Attribute: "emails", Missing: true,
			Problem: "has no address and Slack wants one", Remedy: "map the person's e-mail to emails"})
		return
	}
	t.refuse("emails", wantedPrimary(filled).text, "is not an e-mail address", "map the person's e-mail to emails")
}

// secondaryEmail maps the other address that Slack keeps. The same address twice counts once: PingFederate fills two e-mails with
// one address if it has no other (push-clients, 2.2). Without another address nothing is said of the secondary one,
// except that a further e-mail that is there without a value clears it.
func secondaryEmail(t *translation, m *mapping) {
	all := elements(t.doc["emails"], "value")
	primary, ok := pickEmail(all)
	if !ok {
		return
	}
	wanted := wantedPrimary(all) // if it is no address, primaryEmail has said so
	others := only(all, func(e element) bool {
		return hasText(e) && !strings.EqualFold(e.text, primary.text) && e.text != wanted.text
	})
	if chosen, ok := pickAmong(others, isPlausible, isType("home", "other"), anyElement); ok {
		if t.dead(chosen.text) {
			t.leaveOut(m, chosen.text, "Entra gave this address to a user whom it deleted, and Slack keeps the one from before")
			return
		}
		t.set(m, chosen.text)
		return
	}
	if rejected, ok := pick(others, isType("home", "other"), anyElement); ok {
		t.leaveOut(m, rejected.text, "it is not an e-mail address")
		return
	}
	if slices.ContainsFunc(all, func(e element) bool { return !hasText(e) && e.spoken }) {
		t.set(m, "")
	}
}
