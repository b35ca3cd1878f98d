package slackapi

import (
	"context"
	"net/http"

	"scim2slack/scim"
)

// GroupChange is what UpdateGroup changes: the name if it is not nil, and members by id. Slack takes at most 15,000 members in a
// call and recommends 5,000 (DOC); the caller cuts larger changes.
type GroupChange struct {
	Name        *string
	Add, Remove []string
}

// Group reads a group with its members. NotFound if there is no such group. After a write it may be stale for seconds (LIVE).
func (c *Client) Group(ctx context.Context, lane Lane, id string) (Group, error) {
	call := call{op: "read group", target: id, limit: LimitGetGroup, lane: lane, method: http.MethodGet,
		path: "/Groups/" + id, byID: true, group: true}
	if !validID(id) {
		return Group{}, call.badID()
	}
	a, err := c.do(ctx, call)
	if err != nil {
		return Group{}, err
	}
	group, err := groupOf(a.object)
	if err == nil && group.ID != id {
		return Group{}, call.aboutAnotherTarget(a, "group", group.ID)
	}
	if err != nil {
		return Group{}, call.unreadable(a, err)
	}
	return group, nil
}

// FindGroups returns the groups with that name, in any letter case. What Slack returns is compared again here. The filter on
// displayName is undocumented and works (LIVE).
func (c *Client) FindGroups(ctx context.Context, lane Lane, name string) ([]Group, error) {
	call := call{op: "find group", target: name, limit: LimitReads, lane: lane, method: http.MethodGet, path: "/Groups",
		group: true, query: pageQuery(1, lookupSize, equals("displayName", name))}
	if name == "" {
		return nil, call.fail(Refused, answer{}, fault{id: requestForbidden, detail: "a group is found by its name"}, nil)
	}
	found, err := c.lookup(ctx, call)
	if err != nil {
		return nil, err
	}
	var out []Group
	for _, d := range found.entries {
		group, err := groupOf(d)
		if err != nil {
			return nil, call.unreadable(found.answer, err)
		}
		if sameText(group.Name, name) {
			out = append(out, group)
		}
	}
	return out, nil
}

// CreateGroup creates a group. Slack may answer with nothing (LIVE): then the ID of the result is "", and the caller
// finds the group by its name.
func (c *Client) CreateGroup(ctx context.Context, lane Lane, name string, members []string) (Group, error) {
	call := call{op: "create group", target: name, limit: LimitCreateGroup, lane: lane, method: http.MethodPost,
		path: "/Groups", group: true}
	if name == "" {
		return Group{}, call.fail(Refused, answer{}, fault{id: requestForbidden, detail: "a group needs a name"}, nil)
	}
	body := map[string]any{"schemas": []string{scim.GroupSchema}, "displayName": name}
	if len(members) > 0 {
		list, err := call.members(members)
		if err != nil {
			return Group{}, err
		}
		body["members"] = list
	}
	call.body = body
	a, err := c.do(ctx, call)
	if err != nil {
		return Group{}, err
	}
	if len(a.body) == 0 || a.object != nil && len(a.object) == 0 {
		return Group{Name: name}, nil
	}
	group, err := groupOf(a.object)
	if err != nil {
		return Group{}, call.unreadable(a, err)
	}
	return group, nil
}

// UpdateGroup changes a group with one PATCH: the name, then removals, then additions, so that a full group has room. The body of
// the answer is not looked at, because it may be stale (LIVE). A change with nothing in it makes no call. NotFound if there
// is no such group.
func (c *Client) UpdateGroup(ctx context.Context, lane Lane, id string, change GroupChange) error {
	call := call{op: "update group", target: id, limit: LimitUpdateGroup, lane: lane, method: http.MethodPatch,
		path: "/Groups/" + id, byID: true, group: true, bodyIgnored: true}
	if !validID(id) {
		return call.badID()
	}
	operations, err := call.groupOperations(change)
	if err != nil {
		return err
	}
	if len(operations) == 0 {
		return nil
	}
	call.body = patchBody(operations)
	_, err = c.do(ctx, call)
	return err
}

func (c call) groupOperations(change GroupChange) ([]operation, error) {
	var out []operation
	if change.Name != nil {
		if *change.Name == "" {
			return nil, c.fail(Refused, answer{}, fault{id: requestForbidden, detail: "the name of a group cannot be cleared"}, nil)
		}
		out = append(out, operation{"replace", "displayName", *change.Name}) // INF: no sample of version 2 renames
	}
	if _, err := c.members(change.Remove); err != nil {
		return nil, err
	}
	removed := map[string]bool{}
	for _, id := range change.Remove {
		if !removed[id] {
			removed[id] = true
			// LIVE with the quotes. The form with a value list reads "remove all" by RFC 7644 and is never sent.
			out = append(out, operation{Op: "remove", Path: equalsPath("members", id)})
		}
	}
	if len(change.Add) > 0 {
		list, err := c.members(change.Add)
		if err != nil {
			return nil, err
		}
		out = append(out, operation{"add", "members", list}) // CODE
	}
	return out, nil
}

// members makes the value of members out of ids, each once.
func (c call) members(ids []string) ([]any, error) {
	seen := make(map[string]bool, len(ids))
	out := make([]any, 0, len(ids))
	for _, id := range ids {
		if !validID(id) {
			return nil, c.fail(Refused, answer{}, fault{id: requestForbidden, detail: "a member has no id of Slack's: " + id}, nil)
		}
		if !seen[id] {
			seen[id] = true
			out = append(out, map[string]any{"value": id})
		}
	}
	return out, nil
}

// DeleteGroup deletes a group for good; its members keep their accounts. A group that is linked to channels is Refused
// (idp_group_linked_to_channels). NotFound if there is no such group.
func (c *Client) DeleteGroup(ctx context.Context, lane Lane, id string) error {
	call := call{op: "delete group", target: id, limit: LimitDeleteGroup, lane: lane, method: http.MethodDelete,
		path: "/Groups/" + id, byID: true, group: true, bodyIgnored: true}
	if !validID(id) {
		return call.badID()
	}
	_, err := c.do(ctx, call)
	return err
}
