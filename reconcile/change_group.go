package reconcile

import (
	"errors"

	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/translate"
)

// groupFuture is what becomes of a group by some options.
type groupFuture struct {
	in      bool
	name    string
	problem error
}

func futureOf(group store.Resource, o Options) (f groupFuture) {
	var want translate.Group
	if f.in, f.problem = o.Rules.GroupInScope(group.Document); f.problem == nil {
		want, f.problem = translate.ToGroup(group.Document, o.Rules)
		f.name = want.Name
	}
	return f
}

// addGroups compares the groups of a source.
func (c *comparison) addGroups(source string, before, after Options) error {
	for group, err := range c.tx.ResourcesAfter(source, store.Group, "") {
		if err != nil {
			return err
		}
		was, is := futureOf(group, before), futureOf(group, after)
		if was.in == is.in && was.name == is.name && (was.problem == nil) == (is.problem == nil) {
			continue
		}
		link, err := c.tx.Link(group.Key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		linked := err == nil
		change, limit := Change{Key: group.Key, Name: group.Document.String("displayName")}, slackapi.LimitUpdateGroup
		switch {
		case is.problem != nil:
			change.Effect, change.Problem = Holds, is.problem.Error()
		case !is.in && linked:
			change.Effect, limit = Leaves, slackapi.LimitDeleteGroup
		case is.in && !linked:
			change.Effect, limit = Enters, slackapi.LimitCreateGroup
		case is.in && is.name != link.Name:
			change.Effect, change.Attributes = Changes, []AttributeChange{{"displayName", link.Name, is.name}}
		}
		c.note(change, limit)
	}
	return nil
}
