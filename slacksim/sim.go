package slacksim

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Sim is one simulated organization. It is safe for concurrent use.
type Sim struct {
	opts    Options
	pacific *time.Location

	mu      sync.Mutex
	tokens  []string          // that are accepted
	foreign map[string]string // workspaces of tokens of others
	revoked bool
	nextID  uint64

	users   map[string]*userRecord
	userIDs []string          // in order of creation
	byName  map[string]string // folded userName -> id
	byEmail map[string]string // folded address, primary or secondary -> id

	groups   map[string]*groupRecord
	groupIDs []string // in order of creation

	buckets map[string]*bucket
	locked  map[string]bool
	pending []*effect
	effects uint64 // how many effects were ever scheduled
	faults  []*Injected
	calls   callLog
}

// New returns an organization that holds the token's own account, and a
// primary owner where the token's user is not the one. It starts nothing.
func New(o Options) *Sim {
	s := &Sim{
		opts:    o.withDefaults(),
		pacific: pacificTime(),
		users:   make(map[string]*userRecord),
		byName:  make(map[string]string),
		byEmail: make(map[string]string),
		groups:  make(map[string]*groupRecord),
		locked:  make(map[string]bool),
	}
	s.tokens = []string{s.opts.Token}
	s.buckets = newBuckets(s.opts)
	s.calls = newCallLog(s.opts.CallLog)
	if s.opts.TokenRole != RolePrimaryOwner {
		s.AddUser(User{UserName: "primary.owner", Rank: RolePrimaryOwner, Active: true})
	}
	s.opts.TokenUser = s.AddUser(User{
		ID: s.opts.TokenUser, UserName: "scim.admin", Rank: s.opts.TokenRole, Active: true,
	})
	return s
}

// TokenUser returns the id of the account that the token belongs to.
func (s *Sim) TokenUser() string { return s.opts.TokenUser }

// SetToken replaces the accepted token, or tokens while one follows another,
// and undoes [Sim.RevokeToken].
func (s *Sim) SetToken(tokens ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens, s.revoked = tokens, false
}

// AddForeignToken makes a token of another workspace: auth.test tells the
// workspace, and SCIM calls with the token are refused as this is not that.
func (s *Sim) AddForeignToken(token, teamID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.foreign == nil {
		s.foreign = map[string]string{}
	}
	s.foreign[token] = teamID
}

// RevokeToken ends the token: auth.test answers token_revoked and SCIM calls
// get 401 invalid_authentication.
func (s *Sim) RevokeToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
}

// enter takes the lock and lets every effect that is due take place.
func (s *Sim) enter() time.Time {
	s.mu.Lock()
	now := time.Now()
	s.settle(now)
	return now
}

// newID returns the next id with the given first letter, in Slack's alphabet.
// Ids are the same in every run, and not in alphabetical order, since clients
// must not read anything into them.
func (s *Sim) newID(letter string) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const space = 2821109907456 // 36^8
	s.nextID++
	// The factor is prime to the space, so that no two counters meet.
	n := s.nextID * 1234567890133 % space
	var b [8]byte
	for i := range b {
		b[i], n = alphabet[n%36], n/36
	}
	return letter + "0" + string(b[:])
}

func (s *Sim) newUserID() string {
	letter := "U"
	if s.opts.Enterprise {
		letter = "W" // older Enterprise users (DOC); clients must take both
	}
	for {
		if id := s.newID(letter); s.users[id] == nil {
			return id
		}
	}
}

func (s *Sim) newGroupID() string {
	for {
		if id := s.newID("S"); s.groups[id] == nil {
			return id
		}
	}
}

// profileURL is where Slack shows the account (LIVE).
func (s *Sim) profileURL(u *User) string {
	if u.ProfileURL != "" {
		return u.ProfileURL
	}
	return fmt.Sprintf("https://%s/team/%s", s.host(), u.UserName)
}

// host is the organization's host name.
func (s *Sim) host() string {
	if s.opts.Enterprise {
		return s.opts.Domain + ".enterprise.slack.com"
	}
	return s.opts.Domain + ".slack.com"
}

func (s *Sim) hasScope(scope string) bool { return slices.Contains(s.opts.Scopes, scope) }

// created formats a creation time as Slack does, in US Pacific time (LIVE).
func (s *Sim) created(t time.Time) string {
	return t.In(s.pacific).Format("2006-01-02T15:04:05-07:00")
}

func pacificTime() *time.Location {
	if loc, err := time.LoadLocation("America/Los_Angeles"); err == nil {
		return loc
	}
	return time.FixedZone("PST", -8*60*60) // a machine without zone data
}

// fold is how names and addresses are compared. DOC for filters; INF for
// uniqueness.
func fold(s string) string { return strings.ToLower(s) }
