package slacksim

import (
	"net/http"
	"slices"
	"strconv"
)

// Paging (DOC).
const (
	defaultCount = 10
	maxCount     = 1000 // more is silently taken as this
)

// page is the part of a list that was asked for.
type page struct{ start, count int }

// page reads startIndex, count and sortOrder. The last is checked (DOC) and
// has no effect, as the configuration denies sorting (LIVE). What startIndex
// below 1 and count 0 do is not known; here they mean 1 and an empty page.
func (c *call) page() (page, *apiError) {
	p := page{start: 1, count: defaultCount}
	for name, to := range map[string]*int{"startIndex": &p.start, "count": &p.count} {
		s := c.query.Get(name)
		if s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			return p, bad("invalid_query", name, s)
		}
		*to = n
	}
	p.start = max(p.start, 1)
	p.count = min(max(p.count, 0), maxCount)
	switch c.query.Get("sortOrder") {
	case "", "ascending", "descending":
		return p, nil
	}
	return p, bad("invalid_sort_order")
}

// cut returns the part of a list that a page is.
func cut[T any](p page, list []T) []T {
	from := min(p.start-1, len(list))
	return list[from:min(from+p.count, len(list))]
}

// listAnswer renders a page. itemsPerPage is how many there are (LIVE).
func (c *call) listAnswer(p page, total int, resources []object) *answer {
	if resources == nil {
		resources = []object{}
	}
	counts := object{{"totalResults", total}, {"itemsPerPage", len(resources)}, {"startIndex", p.start}}
	if c.version == v1 {
		return jsonAnswer(http.StatusOK, append(counts, member{"schemas", []string{urnCore1}}, member{"Resources", resources}))
	}
	return jsonAnswer(http.StatusOK, append(object{{"schemas", []string{urnList}}, {"Resources", resources}}, counts...))
}

// listUsers lists all accounts, bots and deactivated ones included (LIVE).
func (c *call) listUsers() (*answer, *apiError) {
	p, refusal := c.page()
	if refusal != nil {
		return nil, refusal
	}
	ids, refusal := c.matchingUsers()
	if refusal != nil {
		return nil, refusal
	}
	var out []object
	for _, id := range cut(p, ids) {
		out = append(out, c.userDocument(&c.sim.users[id].User))
	}
	return c.listAnswer(p, len(ids), out), nil
}

// matchingUsers returns the ids of the accounts that the filter lets through.
func (c *call) matchingUsers() ([]string, *apiError) {
	if !c.query.Has("filter") {
		return slices.DeleteFunc(slices.Clone(c.sim.userIDs), c.unseen), nil
	}
	f, refusal := parseFilter(c.query.Get("filter"), userAttributes)
	if refusal != nil {
		return nil, refusal
	}
	candidates := c.sim.userIDs
	if id, known := c.indexed(f); known {
		candidates = nil
		if id != "" {
			candidates = []string{id}
		}
	}
	var out []string
	for _, id := range candidates {
		if !c.unseen(id) && f.matches(c.userValues(&c.sim.users[id].User)) {
			out = append(out, id)
		}
	}
	return out, nil
}

// unseen says whether lists do not show an account yet.
func (c *call) unseen(id string) bool {
	delay := c.sim.opts.UserDelay
	return delay > 0 && c.now.Sub(c.sim.users[id].Created) < delay
}

// indexed answers a single eq on a unique attribute without a search, so that
// large organizations stay fast.
func (c *call) indexed(f filter) (id string, known bool) {
	t, ok := f.(term)
	if !ok || t.op != "eq" || c.sim.opts.UniquenessOff {
		return "", false
	}
	switch t.attribute {
	case "username":
		return c.sim.byName[fold(t.value)], true
	case "email", "emails", "emails.value":
		return c.sim.byEmail[fold(t.value)], true
	}
	return "", false
}

// userAttributes are those that user filters know. Slack documents userName,
// email, restricted and ultra_restricted; emails and emails.value work too
// (CODE). Nothing else does: not id, active, externalId or meta.
var userAttributes = map[string]bool{
	"username": true, "email": true, "emails": true, "emails.value": true, "restricted": true, "ultra_restricted": true,
}

// groupAttributes has the one that works (LIVE) though it is not documented.
var groupAttributes = map[string]bool{"displayname": true}

func (c *call) userValues(u *User) func(attribute string) []string {
	return func(attribute string) []string {
		switch attribute {
		case "username":
			return []string{u.UserName}
		case "restricted":
			return []string{bit(u.restricted() && !u.ultraRestricted())}
		case "ultra_restricted":
			return []string{bit(u.ultraRestricted())}
		}
		if c.sim.opts.FilterSecondaryEmail && u.SecondaryEmail != "" {
			return []string{u.Email, u.SecondaryEmail}
		}
		return []string{u.Email}
	}
}

// bit is how filters name truth: restricted eq 1 (LIVE).
func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func (c *call) listGroups() (*answer, *apiError) {
	p, refusal := c.page()
	if refusal != nil {
		return nil, refusal
	}
	groups := c.sim.listedGroups(c.now)
	if c.query.Has("filter") {
		f, refusal := parseFilter(c.query.Get("filter"), groupAttributes)
		if refusal != nil {
			return nil, refusal
		}
		var matching []*Group
		for _, g := range groups {
			if f.matches(func(string) []string { return []string{g.DisplayName} }) {
				matching = append(matching, g)
			}
		}
		groups = matching
	}
	var out []object
	for _, g := range cut(p, groups) {
		out = append(out, c.groupDocument(g))
	}
	return c.listAnswer(p, len(groups), out), nil
}
