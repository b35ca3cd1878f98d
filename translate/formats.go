package translate

import (
	_ "embed"
	"regexp"
	"strings"
	"time"
)

// timezoneNames are the names of the IANA time zone database, one a line, as Go's copy has them. They are part of
// the program, because the machine's own copy may be old or missing.
//
//go:embed timezones.txt
var timezoneNames string

// timezoneByLower finds the IANA spelling of a name in lower case.
var timezoneByLower = func() map[string]string {
	names := strings.Fields(timezoneNames)
	out := make(map[string]string, len(names))
	for _, name := range names {
		out[strings.ToLower(name)] = name
	}
	return out
}()

func timezone(t *translation, m *mapping, s string) (string, bool) {
	if name, ok := timezoneByLower[strings.ToLower(s)]; ok {
		return name, true
	}
	t.leaveOut(m, s, "it is not an IANA time zone name such as Europe/Berlin")
	return "", false
}

var localePattern = regexp.MustCompile(`^([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?$`)

// locale writes a locale as Slack shows it: en or en_US.
func locale(t *translation, m *mapping, s string) (string, bool) {
	parts := localePattern.FindStringSubmatch(s)
	if parts == nil {
		t.leaveOut(m, s, "it has not the form en or en-US")
		return "", false
	}
	if parts[2] == "" {
		return strings.ToLower(parts[1]), true
	}
	return strings.ToLower(parts[1]) + "_" + strings.ToUpper(parts[2]), true
}

// preferredLanguage takes the first language of the list, which has the form of HTTP's Accept-Language (RFC 7643 section 4.1.1).
func preferredLanguage(t *translation, m *mapping, s string) (string, bool) {
	first, _, _ := strings.Cut(s, ",")
	first, _, _ = strings.Cut(first, ";")
	return locale(t, m, strings.TrimSpace(first))
}

// startDateForms are the forms of a day that directories write: a date, a date with a time and perhaps an offset (RFC 3339, and
// xsd:dateTime of RFC 7643), Slack's own form, and LDAP's generalized time (RFC 4517 section 3.3.13).
var startDateForms = []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05-0700", "20060102150405Z0700"}

// startDate writes the day as Slack does: 2024-04-10T00:00:00+0000. The day is the one that the source spells. Turning
// the moment into UTC could make it the day before.
func startDate(t *translation, m *mapping, s string) (string, bool) {
	for _, form := range startDateForms {
		if day, err := time.Parse(form, strings.ToUpper(s)); err == nil {
			return day.Format("2006-01-02T00:00:00+0000"), true
		}
	}
	t.leaveOut(m, s, "it is not a date such as 2024-04-10 or 2024-04-10T00:00:00Z")
	return "", false
}
