package slackapi

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"

	"scim2slack/scim"
)

// PageSize is how many users come in one call of a list: the most Slack gives; more is cut in silence (DOC).
const PageSize = 1000

const lookupSize = 100 // an exact look-up finds one or none

// User reads a user, also a deactivated one. Right after a deactivation Slack may still say active for some seconds (LIVE).
// NotFound if there is no such user.
func (c *Client) User(ctx context.Context, lane Lane, id string) (User, error) {
	call := call{op: "read user", target: id, limit: LimitGetUser, lane: lane, method: http.MethodGet, path: "/Users/" + id, byID: true}
	return c.userCall(ctx, call, id)
}

// CreateUser creates an active user. userName and email must be there; "" in the profile is left out. What Slack stored may
// differ, the userName above all (LIVE): read it from the result.
//
// An e-mail or name that is taken, also by a deactivated user, is Refused, with ExistingUser if Slack names the account. The
// identifier user_creation_failed may mean the same: look for the user before deciding.
func (c *Client) CreateUser(ctx context.Context, lane Lane, profile scim.SlackUserProfile) (User, error) {
	return c.createUser(ctx, lane, profile, true)
}

// CreateInactiveUser creates a user who is to be inactive. Whether Slack heeds that on creation is not established: look at the
// result. Otherwise it is CreateUser.
func (c *Client) CreateInactiveUser(ctx context.Context, lane Lane, profile scim.SlackUserProfile) (User, error) {
	return c.createUser(ctx, lane, profile, false)
}

func (c *Client) createUser(ctx context.Context, lane Lane, profile scim.SlackUserProfile, active bool) (User, error) {
	call := call{op: "create user", target: profile[scim.SlackUserName], limit: LimitCreateUser, lane: lane,
		method: http.MethodPost, path: "/Users"}
	if bad := checkNewUser(profile); bad != nil {
		return User{}, call.fail(Refused, answer{}, fault{id: bad.id, detail: bad.detail}, nil)
	}
	body := newUser(profile)
	body["active"] = active
	call.body = body
	return c.userCall(ctx, call, "")
}

// UpdateUser changes a user with one PATCH and returns the user as Slack answered. A change with nothing in it is answered by
// reading the user. A photo appears only moments later (DOC).
func (c *Client) UpdateUser(ctx context.Context, lane Lane, id string, change UserChange) (User, error) {
	call := call{op: "update user", target: id, limit: LimitUpdateUser, lane: lane, method: http.MethodPatch,
		path: "/Users/" + id, byID: true}
	operations, bad := change.operations()
	if bad != nil {
		return User{}, call.fail(Refused, answer{}, fault{id: bad.id, detail: bad.detail}, nil)
	}
	if len(operations) == 0 {
		return c.User(ctx, lane, id)
	}
	call.body, call.refersToOthers = patchBody(operations), change.Set[scim.SlackManager] != ""
	return c.userCall(ctx, call, id)
}

// userCall makes a call that is answered with one user, the one with the id unless id is "".
func (c *Client) userCall(ctx context.Context, call call, id string) (User, error) {
	if call.byID && !validID(id) {
		return User{}, call.badID()
	}
	a, err := c.do(ctx, call)
	if err != nil {
		return User{}, err
	}
	user, err := userOf(a.object)
	if err == nil && id != "" && user.ID != id {
		return User{}, call.aboutAnotherTarget(a, "user", user.ID)
	}
	if err != nil {
		return User{}, call.unreadable(a, err)
	}
	return user, nil
}

// badID refuses what cannot be an id of Slack's, before it becomes part of a path.
func (c call) badID() *Error {
	return c.fail(Refused, answer{}, fault{id: requestForbidden, detail: "this is no id of Slack's"}, nil)
}

// AboutAnother is the ID of the error for an answer that is about another user or group than the one that was asked for. Of a write nobody
// knows the outcome then, and Slack cannot be trusted with the next.
const AboutAnother = "answer_about_another"

func (c call) aboutAnotherTarget(a answer, what, id string) *Error {
	return c.fail(Unknown, a, fault{id: AboutAnother, detail: "the answer is about another " + what + ", " + id}, nil)
}

// unreadable is a 2xx that makes no sense: of a write nobody knows the outcome then.
func (c call) unreadable(a answer, err error) *Error { return c.fail(Unknown, a, parseFault(a), err) }

// FindUsers returns the users, deactivated ones too, whose attribute (SlackUserName or SlackEmail, the primary) is value,
// in any letter case. What Slack returns is compared again here. Usually that is one user or none.
func (c *Client) FindUsers(ctx context.Context, lane Lane, attribute scim.SlackAttribute, value string) ([]User, error) {
	call := call{op: "find user by " + string(attribute), target: value, limit: LimitReads, lane: lane, method: http.MethodGet, path: "/Users"}
	if attribute != scim.SlackUserName && attribute != scim.SlackEmail || value == "" {
		return nil, call.fail(Refused, answer{}, fault{id: requestForbidden, detail: "users are found by userName or email only"}, nil)
	}
	// email, not emails.value, is what Slack documents (DOC for version 1; CODE for 2).
	call.query = pageQuery(1, lookupSize, equals(string(attribute), value))
	found, err := c.lookup(ctx, call)
	if err != nil {
		return nil, err
	}
	var out []User
	for _, d := range found.entries {
		user, err := userOf(d)
		if err != nil {
			return nil, call.unreadable(found.answer, err)
		}
		if sameText(user.Profile[attribute], value) {
			out = append(out, user)
		}
	}
	return out, nil
}

// Users walks over all users of the organisation, in pages of 1000, with bots and deactivated users (LIVE). Each comes
// once, though Slack promises no stable order, and users who are created or deactivated meanwhile may be missing. After an
// error, which comes with a zero User, it ends. page is called with each page: how many are on it, and how many Slack says that there are, 0 if it
// does not say.
func (c *Client) Users(ctx context.Context, lane Lane, page func(read, total int)) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		seen := map[string]bool{}
		for start := 1; ; {
			call := call{op: "list users", limit: LimitReads, lane: lane, method: http.MethodGet, path: "/Users",
				query: pageQuery(start, PageSize, "")}
			users, p, err := c.usersPage(ctx, call)
			if err != nil {
				yield(User{}, err)
				return
			}
			before := len(seen)
			for _, user := range users {
				if !seen[user.ID] {
					seen[user.ID] = true
					if !yield(user, nil) {
						return
					}
				}
			}
			page(len(users), p.total)
			start += len(users) // never itemsPerPage, which is not always true (LIVE)
			if len(users) == 0 || p.total > 0 && start > p.total {
				return
			}
			if len(seen) == before {
				yield(User{}, call.unreadable(p.answer, errors.New("a page has nothing but users of earlier pages")))
				return
			}
		}
	}
}

func (c *Client) usersPage(ctx context.Context, call call) ([]User, page, error) {
	p, err := c.page(ctx, call)
	if err != nil {
		return nil, page{}, err
	}
	users := make([]User, 0, len(p.entries))
	for _, d := range p.entries {
		user, err := userOf(d)
		if err != nil {
			return nil, page{}, call.unreadable(p.answer, err)
		}
		users = append(users, user)
	}
	return users, p, nil
}

// sameText compares names and addresses as Slack does, in any letter case. A letter that only looks like ASCII (the
// Kelvin sign folds to k) is a different one: it would be another person.
func sameText(a, b string) bool { return strings.EqualFold(a, b) && isASCII(a) == isASCII(b) }

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0
}
