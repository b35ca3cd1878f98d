// Package translate says what Slack should hold of a source's user or group. It is pure: the same document gives the
// same answer on every machine, nothing is read or written, and the document is not changed.
package translate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"scim2slack/scim"
)

// User is what Slack should hold of a source's user.
type User struct {
	// Active is the document's active; absent or null means true.
	Active bool
	// Profile holds the attributes that the source speaks of: "" clears one in Slack, a missing one is left alone.
	// scim.SlackManager is never in it.
	Profile scim.SlackUserProfile
	// Manager is what the source names as the manager: an id of ours, an externalId, a userName or an e-mail; "" if none.
	// The caller resolves it to a Slack id and sets Profile[scim.SlackManager].
	Manager string
	// ManagerSet reports that the source speaks of the manager, also to clear it.
	ManagerSet bool
	// LeftOut lists the attributes that the source speaks of but that Slack would not take. They are missing from Profile and
	// are to stay in Slack as they are, even if an earlier push had set them.
	LeftOut []scim.SlackAttribute
	// Occasions holds the attributes that are not to be written whenever they differ.
	Occasions map[scim.SlackAttribute]When
	// Warnings tell an administrator what was left out or cleaned, and why.
	Warnings []string
}

// Options are what a translation needs to know of the source.
type Options struct {
	// SoftDeleteRenames: the source renames whom it deletes softly, as Tombstone tells.
	SoftDeleteRenames bool
	// Rules stand in place of the default mapping for the attributes that they name; nil: none.
	Rules *Rules
	// Groups are the names of the groups of the source that the person is in; only rules read them.
	Groups []string
}

// ToUser translates the canonical document of a user by the table that Mapping shows.
//
// If the person cannot be sent to Slack as they are, the error is an *Error or a join (errors.Join) of several. The User is
// then still filled with everything that could be translated, so that a leaver with a bad name can be deactivated: if
// active itself is not understood, Active is true. A rule that fails is a *RuleError, and then nothing is translated but active.
func ToUser(doc scim.Object, o Options) (User, error) {
	t := &translation{doc: doc, options: o, user: User{Active: true, Profile: make(scim.SlackUserProfile, len(mappings))}}
	t.active()
	var err error
	if t.doc, err = o.Rules.rewrite(doc, o.Groups); err != nil {
		return t.user, err
	}
	for i := range mappings {
		m := &mappings[i]
		switch when := o.Rules.When(m.slack); when {
		case WhenNever:
			continue
		case WhenCreate, WhenEmpty:
			t.occasion(m.slack, when)
		}
		known := len(t.errs)
		m.set(t, m)
		t.blame(m, t.errs[known:])
	}
	t.keepName()
	t.checkGuest()
	return t.user, join(t.errs)
}

func (t *translation) occasion(a scim.SlackAttribute, when When) {
	if t.user.Occasions == nil {
		t.user.Occasions = map[scim.SlackAttribute]When{}
	}
	t.user.Occasions[a] = when
}

// translation is the work on one document.
type translation struct {
	doc     scim.Object
	options Options
	user    User
	errs    []error
}

// dead reports whether value is the name or e-mail of a user whom the source deleted softly.
func (t *translation) dead(value string) bool {
	_, is := Tombstone(value)
	return is && t.options.SoftDeleteRenames && !t.user.Active
}

// active reads the document's active. Text is understood too, because Entra sends "False" (push-clients, 3.2), and
// anything else is refused: guessing could keep a leaver in or put a colleague out.
func (t *translation) active() {
	switch v := t.doc["active"].(type) {
	case nil:
		return
	case bool:
		t.user.Active = v
		return
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "", "true":
			return
		case "false":
			t.user.Active = false
			return
		}
		t.refuse("active", v, "is neither true nor false", "map active to a boolean")
	default:
		t.refuse("active", fmt.Sprint(v), "is neither true nor false", "map active to a boolean")
	}
}

// set wishes the attribute of m to be value in Slack.
func (t *translation) set(m *mapping, value string) { t.user.Profile[m.slack] = value }

// warn adds a warning about an attribute that is nevertheless sent.
func (t *translation) warn(m *mapping, value, what string) {
	t.user.Warnings = append(t.user.Warnings, fmt.Sprintf("%s %s: %s", m.label(), strconv.Quote(excerpt(value)), what))
}

// leaveOut keeps the attribute of m out of the profile and says why. why follows "left out: ".
func (t *translation) leaveOut(m *mapping, value, why string) {
	t.user.LeftOut = append(t.user.LeftOut, m.slack)
	quoted := ""
	if value != "" {
		quoted = " " + strconv.Quote(excerpt(value))
	}
	t.user.Warnings = append(t.user.Warnings, fmt.Sprintf("%s%s left out: %s", m.label(), quoted, why))
}

// refuse says that the person cannot be sent.
func (t *translation) refuse(attribute, value, problem, remedy string) {
	t.errs = append(t.errs, &Error{Attribute: attribute, Value: excerpt(value), Problem: problem, Remedy: remedy})
}

// blame names the rule that made what cannot be sent, so that nobody looks for it at the source.
func (t *translation) blame(m *mapping, errs []error) {
	if len(errs) == 0 {
		return
	}
	place := t.options.Rules.placeOf(m.slack)
	for _, err := range errs {
		if e := (*Error)(nil); place != "" && errors.As(err, &e) {
			e.Remedy = fmt.Sprintf("its rule (%s) makes it so: change the rule, or have the source send what it reads", place)
		}
	}
}

// manager reads enterprise manager. It does not touch the profile: Slack wants the manager's Slack id, which only the caller
// can know.
func manager(t *translation, m *mapping) {
	value, spoken := lookup(t.doc, m.schema, m.attribute, "")
	if !spoken {
		return
	}
	all := elements(value, "value")
	if len(all) == 0 {
		t.user.ManagerSet = saysNone(value, nil)
		return
	}
	if !all[0].spoken {
		t.leaveOut(m, "", "it has no value that says who the manager is")
		return
	}
	t.user.Manager, t.user.ManagerSet = all[0].text, true
}

// keepName takes back blank name parts unless the other part has a value: Slack refuses a person whose name
// is blank (invalid_name_required, DOC), so both parts together cannot be cleared.
func (t *translation) keepName() {
	p := t.user.Profile
	if strings.TrimSpace(p[scim.SlackGivenName]+p[scim.SlackFamilyName]) != "" {
		return
	}
	for i := range mappings {
		m := &mappings[i]
		if m.slack != scim.SlackGivenName && m.slack != scim.SlackFamilyName {
			continue
		}
		if _, ok := p[m.slack]; ok {
			delete(p, m.slack)
			t.leaveOut(m, "", "it is blank, and Slack wants a given name or a family name")
		}
	}
}
