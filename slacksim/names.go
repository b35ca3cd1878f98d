package slacksim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxUserName is the length limit of a userName (DOC for v1; that v2 has it
// too follows from the shared list of errors).
const maxUserName = 21

// maxDisplayName is the length limit of a displayName (DOC).
const maxDisplayName = 80

// reservedNames are refused as userNames. That some words are is DOC; which
// ones is INF, from the words that have a meaning in Slack.
var reservedNames = []string{
	"all", "archive", "archived", "channel", "channels", "everyone", "group", "groups", "here", "me", "slack",
	"slackbot", "team", "us", "you",
}

// otherKeys are the keys of a body that are not among the first, sorted.
func otherKeys(body map[string]any, first map[string]bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(body)), func(k string) bool { return first[k] })
}

// normalizeUserName makes a userName of what was sent: an e-mail address
// becomes its local part (LIVE), letters become lower case (DOC), and what is
// not a letter, a digit or one of ._- becomes _ (DOC).
func normalizeUserName(s string) string {
	s = strings.TrimSpace(s)
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		s = s[:at]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + ('a' - 'A')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, s)
}

func (e *edit) setUserName(v any) *apiError {
	s, refusal := asString("userName", v)
	if refusal != nil {
		return refusal
	}
	name := normalizeUserName(s)
	switch {
	case name == "":
		return bad("username_empty")
	case strings.Trim(name, "._-") == "":
		return bad("username_invalid", "username", name) // INF
	case len(name) > maxUserName && e.before == nil:
		return bad("username_too_long", "username", name) // CODE
	case len(name) > maxUserName:
		return bad("long_username", "user", name) // LIVE: on a profile push
	case e.before != nil && name == e.before.UserName:
		e.user.UserName = name
		return nil
	case slices.Contains(reservedNames, name) || slices.Contains(e.sim.opts.ReservedNames, name):
		return bad("username_not_allowed", "user", name) // LIVE
	}
	e.rename(name)
	return nil
}

// rename changes the userName and the URL that follows it (LIVE).
func (e *edit) rename(name string) {
	if e.before != nil && name != e.before.UserName {
		e.user.ProfileURL = ""
	}
	e.user.UserName = name
}

// claimName refuses a taken userName, or alters it where the organization does.
// It comes after the check of the e-mail address: clients that push an
// existing person see email_taken (CODE).
func (e *edit) claimName() (refusal *apiError) {
	name := e.user.UserName
	if e.before != nil && name == e.before.UserName || !e.nameTaken(name) {
		return nil
	}
	if !e.sim.opts.TruncateUserNameOnConflict {
		return refuse(e.sim.opts.ErrorStatusTaken, "username_taken", "username", name) // CODE
	}
	e.user.UserName, refusal = e.alterName(name)
	return refusal
}

// nameTaken says whether another account, active or not, or a channel has the
// name (DOC).
func (e *edit) nameTaken(name string) bool {
	id := e.sim.byName[name]
	return id != "" && id != e.user.ID && !e.sim.opts.UniquenessOff || slices.ContainsFunc(e.sim.opts.Channels, func(ch string) bool {
		return fold(ch) == name
	})
}

// alterName finds a free name close to a taken one. How Slack alters names to
// avoid a conflict is not known (DOC says only that it may fail).
func (e *edit) alterName(name string) (string, *apiError) {
	for n := 2; n < 100; n++ {
		suffix := fmt.Sprint(n)
		altered := name[:min(len(name), maxUserName-len(suffix))] + suffix
		if !e.nameTaken(altered) {
			return altered, nil
		}
	}
	return "", bad("truncation_error", "username", name)
}

// setNickName changes the userName, which is the same thing (DOC), with errors
// of its own.
func (e *edit) setNickName(v any) *apiError {
	s, refusal := asString("nickName", v)
	if refusal != nil {
		return refusal
	}
	if name := normalizeUserName(s); len(name) > maxUserName {
		return bad("long_nickname", "user", name)
	}
	return e.setUserName(v)
}

func (e *edit) setTitle(v any) *apiError {
	refusal := e.setString(&e.user.Title, "title", v)
	if title, most := []rune(e.user.Title), e.sim.opts.TitleMax; most > 0 && len(title) > most {
		e.user.Title = string(title[:most])
	}
	return refusal
}

func (e *edit) setDisplayName(v any) *apiError {
	s, refusal := asString("displayName", v)
	if refusal != nil {
		return refusal
	}
	s = strings.TrimSpace(s)
	switch {
	case e.before != nil && s == e.before.DisplayName:
		e.user.DisplayName = s
		return nil
	case utf8.RuneCountInString(s) > maxDisplayName:
		return bad("invalid_name_maxlength", "user", e.user.UserName)
	case strings.HasPrefix(s, "@"):
		return bad("invalid_starts_with_at", "user", e.user.UserName)
	case strings.Contains(s, "@"):
		return bad("invalid_name_specials", "user", e.user.UserName) // LIVE
	case strings.ContainsFunc(s, emoji):
		return bad("invalid_emoji_not_allowed", "user", e.user.UserName)
	case e.before != nil && e.sim.opts.DisplayNameLocked:
		return bad("invalid_display_name", "user", e.user.UserName)
	}
	// Spaces, capitals and the like are kept, as samples show; the sentence
	// that specials become _ does not hold for displayName.
	e.user.DisplayName = s
	return nil
}

// emoji says whether a character is a pictograph.
func emoji(r rune) bool {
	return r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF || r == 0xFE0F
}
