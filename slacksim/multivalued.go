package slacksim

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
)

// setEmails takes a list of addresses, of which two are kept (DOC). v1 PATCH
// adds, with "operation":"delete" in entries that go.
func (e *edit) setEmails(v any, op operation) *apiError {
	if op == opRemove {
		e.removeSecondary() // removing emails spares the primary (DOC)
		return nil
	}
	list, refusal := entries(v, "emails_invalid", false)
	if refusal != nil {
		return refusal
	}
	keep := make([]entry, 0, len(list))
	for _, en := range list {
		if en.remove {
			if refusal := e.removeEmail(en.value, list); refusal != nil {
				return refusal
			}
			continue
		}
		if en.value == "" && !en.primary && len(list) > 1 {
			continue // the empty secondary of an answer, sent back
		}
		if refusal := e.checkEmail(&en); refusal != nil {
			return refusal
		}
		keep = append(keep, en)
	}
	if op == opAdd {
		e.addEmails(keep)
		return nil
	}
	if len(keep) == 0 {
		if e.before != nil && e.user.Email != "" {
			return bad("missing_primary_email")
		}
		return bad("email_empty")
	}
	p := choosePrimary(keep)
	e.setPrimary(keep[p].value)
	e.user.SecondaryEmail = ""
	if rest := slices.Delete(slices.Clone(keep), p, p+1); len(rest) > 0 {
		e.setSecondary(rest[0].value)
	} else if e.before != nil && e.before.SecondaryEmail != "" {
		e.user.EmptySecondary = true
	}
	return nil
}

// choosePrimary is the order of choice: primary, then work, then the first
// (DOC).
func choosePrimary(list []entry) int {
	for i, en := range list {
		if en.primary {
			return i
		}
	}
	for i, en := range list {
		if en.kind == "work" && !en.primarySet {
			return i
		}
	}
	return 0
}

// addEmails puts each address into its place: that of the primary one if it is
// marked so, or else the second. Several without a mark are chosen from like a
// whole list (INF).
func (e *edit) addEmails(list []entry) {
	p := -1
	if len(list) > 1 || e.user.Email == "" || len(list) == 1 && list[0].primary {
		p = choosePrimary(list)
	}
	second := false
	for i, en := range list {
		switch {
		case i == p:
			e.setPrimary(en.value)
		case fold(en.value) == fold(e.user.Email) || second:
		default:
			e.setSecondary(en.value)
			second = true
		}
	}
}

func (e *edit) setPrimary(email string) {
	e.user.Email = email
	if fold(e.user.SecondaryEmail) == fold(email) {
		e.user.SecondaryEmail = ""
	}
}

func (e *edit) setSecondary(email string) {
	if fold(email) == fold(e.user.Email) {
		email = ""
	}
	e.user.SecondaryEmail, e.user.EmptySecondary = email, false
}

func (e *edit) removeSecondary() {
	if e.user.SecondaryEmail != "" {
		e.user.SecondaryEmail, e.user.EmptySecondary = "", true // LIVE: "" is shown
	}
}

// removeEmail removes an address. The primary one needs a replacement in the
// same list (DOC).
func (e *edit) removeEmail(email string, list []entry) *apiError {
	switch fold(email) {
	case fold(e.user.Email):
		if !slices.ContainsFunc(list, func(en entry) bool { return !en.remove && en.primary }) {
			return bad("missing_primary_email")
		}
	case fold(e.user.SecondaryEmail):
		e.removeSecondary()
	}
	return nil
}

// checkEmail refuses what is no address, and folds it where the organization
// does.
func (e *edit) checkEmail(en *entry) *apiError {
	if en.value == "" {
		return bad("email_empty")
	}
	local, domain, ok := strings.Cut(en.value, "@")
	if !ok || local == "" || domain == "" || strings.ContainsAny(en.value, " \t\r\n<>,;\"") || strings.Contains(domain, "@") ||
		!strings.Contains(domain, ".") {
		return bad("email_invalid", "email", en.value)
	}
	if e.sim.opts.LowercaseEmail {
		en.value = fold(en.value)
	}
	return nil
}

// setPhones keeps two numbers. In requests, primary or the type mobile means
// the primary phone, and not primary or the type work the mobile phone;
// answers label them the other way round (DOC, confirmed by its sample).
func (e *edit) setPhones(v any, op operation) *apiError {
	list, refusal := entries(v, "phoneNumbers_invalid", false)
	if refusal != nil {
		return refusal
	}
	u := e.user
	if op != opAdd {
		u.PrimaryPhone, u.MobilePhone = "", ""
	}
	var unlabelled []string
	for _, en := range list {
		switch {
		case en.remove:
			e.removePhone(en.value)
		case en.primary, !en.primarySet && en.kind == "mobile":
			u.PrimaryPhone = en.value
		case en.primarySet, en.kind == "work":
			u.MobilePhone = en.value
		default:
			unlabelled = append(unlabelled, en.value)
		}
	}
	for _, number := range unlabelled { // the first free place (INF)
		if u.PrimaryPhone == "" {
			u.PrimaryPhone = number
		} else if u.MobilePhone == "" {
			u.MobilePhone = number
		}
	}
	return nil
}

func (e *edit) removePhone(number string) {
	if e.user.PrimaryPhone == number {
		e.user.PrimaryPhone = ""
	}
	if e.user.MobilePhone == number {
		e.user.MobilePhone = ""
	}
}

// setAddresses keeps one address without its type (DOC).
func (e *edit) setAddresses(v any) *apiError {
	list, refusal := entries(v, "addresses_invalid", false)
	if refusal != nil {
		return refusal
	}
	var keep []entry
	for _, en := range list {
		a, refusal := readAddress(en.fields)
		if refusal != nil {
			return refusal
		}
		if !en.remove {
			keep = append(keep, en)
		} else if a == e.user.Address {
			e.user.Address = Address{} // only when all five values match (DOC)
		}
	}
	if len(keep) == 0 && len(list) > 0 {
		return nil // nothing but deletions
	}
	en, ok := preferred(keep)
	if !ok {
		e.user.Address = Address{}
		return nil
	}
	e.user.Address, refusal = readAddress(en.fields)
	return refusal
}

func readAddress(fields map[string]any) (Address, *apiError) {
	var a Address
	for key, to := range map[string]*string{
		"streetAddress": &a.StreetAddress, "locality": &a.Locality, "region": &a.Region,
		"postalCode": &a.PostalCode, "country": &a.Country,
	} {
		s, refusal := asString(key, fields[key])
		if refusal != nil {
			return Address{}, bad("addresses_invalid")
		}
		*to = s
	}
	return a, nil
}

// setRoles keeps one role, given as an object or as a string (DOC).
func (e *edit) setRoles(v any) *apiError {
	list, refusal := entries(v, "roles_invalid", true)
	if refusal != nil {
		return refusal
	}
	gone := len(list) > 0
	list = slices.DeleteFunc(list, func(en entry) bool {
		if en.remove && en.value == e.user.Role {
			e.user.Role = ""
		}
		return en.remove
	})
	if en, ok := preferred(list); ok || !gone {
		e.user.Role = en.value
	}
	return nil
}

// setPhotos keeps one photo, a public URL or a data URL (DOC).
func (e *edit) setPhotos(v any) *apiError {
	list, refusal := entries(v, "photos_invalid", false)
	if refusal != nil {
		return refusal
	}
	list = slices.DeleteFunc(list, func(en entry) bool { return en.remove })
	en, ok := preferred(list)
	if ok && en.value != "" && !strings.HasPrefix(en.value, "https://") && !strings.HasPrefix(en.value, "http://") &&
		!strings.HasPrefix(en.value, "data:") {
		return bad("photos_invalid")
	}
	e.user.Photo = en.value
	return nil
}

// showPhoto makes answers show a new photo, which takes a while (DOC).
func (s *Sim) showPhoto(id string, now time.Time) {
	rec := s.users[id]
	want := rec.Photo
	show := func(time.Time) {
		if rec.Photo == want {
			rec.PhotoShown = shownPhoto(want)
		}
	}
	if s.opts.PhotoDelay == 0 {
		show(now)
		return
	}
	s.schedule(now.Add(s.opts.PhotoDelay), show)
}

// shownPhoto is the URL of Slack's own copy of a photo; "" stays "".
func shownPhoto(source string) string {
	if source == "" {
		return ""
	}
	return fmt.Sprintf("https://avatars.slack-edge.com/%x_192.png", sha256.Sum256([]byte(source)))
}

// gravatar is what Slack shows of an account without a photo (LIVE).
func gravatar(email string) string {
	return fmt.Sprintf("https://secure.gravatar.com/avatar/%x.jpg?s=192&d=https%%3A%%2F%%2Fa.slack-edge.com%%2Fdf10d%%2Fimg%%2Favatars%%2Fava_0008-192.png",
		md5.Sum([]byte(fold(email))))
}
