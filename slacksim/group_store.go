package slacksim

import (
	"slices"
	"time"
)

// groupRecord is a group as it is, with the views of it that reads still show.
type groupRecord struct {
	Group
	member  map[string]bool
	deleted bool
	past    []pastView // in the order of their ends
}

// pastView is how reads show a group until some time: nil means that lists do
// not show it at all.
type pastView struct {
	until time.Time
	group *Group
}

func newGroupRecord(g Group) *groupRecord {
	rec := &groupRecord{Group: g, member: make(map[string]bool, len(g.Members))}
	rec.Members = slices.DeleteFunc(rec.Members, func(id string) bool {
		twice := rec.member[id]
		rec.member[id] = true
		return twice
	})
	return rec
}

func (g *Group) clone() *Group {
	c := *g
	c.Members = slices.Clone(g.Members)
	return &c
}

// prune ends the views whose time has come.
func (g *groupRecord) prune(now time.Time) {
	for len(g.past) > 0 && !g.past[0].until.After(now) {
		g.past = g.past[1:]
	}
}

// shown returns the group as a read of its id shows it, or nil.
func (g *groupRecord) shown(now time.Time) *Group {
	g.prune(now)
	for _, p := range g.past {
		if p.group != nil {
			return p.group
		}
	}
	if g.deleted {
		return nil
	}
	return &g.Group
}

// listed says whether lists show the group.
func (g *groupRecord) listed(now time.Time) bool {
	g.prune(now)
	if len(g.past) > 0 {
		return g.past[0].group != nil
	}
	return !g.deleted
}

// showsMember says whether reads show the account in the group.
func (g *groupRecord) showsMember(id string, now time.Time) bool {
	g.prune(now)
	if len(g.past) == 0 {
		return !g.deleted && g.member[id]
	}
	return g.listed(now) && slices.Contains(g.shown(now).Members, id)
}

func (s *Sim) insertGroup(rec *groupRecord) {
	s.groups[rec.ID] = rec
	s.groupIDs = append(s.groupIDs, rec.ID)
}

// forgetGroup drops a group that no read shows any more.
func (s *Sim) forgetGroup(id string) {
	delete(s.groups, id)
	s.groupIDs = slices.DeleteFunc(s.groupIDs, func(g string) bool { return g == id })
}

// changeGroup changes a group, which reads show only after a while (LIVE).
func (s *Sim) changeGroup(rec *groupRecord, now time.Time, change func()) {
	if s.opts.GroupDelay > 0 {
		rec.past = append(rec.past, pastView{until: now.Add(s.opts.GroupDelay), group: rec.clone()})
	}
	change()
	if rec.deleted && len(rec.past) == 0 {
		s.forgetGroup(rec.ID)
	}
}

// shownGroup returns a group as reads show it, or nil.
func (s *Sim) shownGroup(id string, now time.Time) *Group {
	rec := s.groups[id]
	if rec == nil {
		return nil
	}
	g := rec.shown(now)
	if g == nil {
		s.forgetGroup(id)
	}
	return g
}

// listedGroups returns the groups that lists show, and drops those that are
// gone for good.
func (s *Sim) listedGroups(now time.Time) []*Group {
	var out []*Group
	for _, id := range slices.Clone(s.groupIDs) {
		rec := s.groups[id]
		if rec.listed(now) {
			out = append(out, rec.shown(now))
		} else if rec.deleted && len(rec.past) == 0 {
			s.forgetGroup(id)
		}
	}
	return out
}
