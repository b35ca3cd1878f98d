package reconcile

import (
	"errors"
	"slices"

	"scim2slack/store"
	"scim2slack/translate"
)

// reasonScope is why a resource is skipped that the scope of its source does not take.
const reasonScope = "scope"

// stand is how a person stands at the source: whether they are to have an active account, and what rules read beside their own document.
type stand struct {
	leaves  bool
	outside bool     // they leave, or never come, because the scope of the source does not take them
	groups  []string // the names of their groups, if a rule reads them
	rule    error    // the scope cannot be told: a *translate.RuleError
}

// standingOf finds out how a person stands. Who is inactive or removed leaves, whatever the rules say; so nobody stays in because a rule
// fails, and nobody is put out by it.
func (r *Reconciler) standingOf(tx store.Tx, resource store.Resource) (s stand, err error) {
	options := r.optionsOf(resource.Key.Source)
	groups, err := groupsOf(tx, resource.Key, options, map[store.Key]string{})
	return standing(resource, options.Rules, groups), err
}

func standing(resource store.Resource, rules *translate.Rules, groups []string) stand {
	active, said := resource.Document["active"].(bool)
	s := stand{leaves: resource.Deleted || said && !active, groups: groups}
	if s.leaves {
		return s
	}
	var in bool
	in, s.rule = rules.InScope(resource.Document, groups)
	s.outside = s.rule == nil && !in
	s.leaves = s.outside
	return s
}

// groupsOf returns the names of the source's groups that the person is in, if a rule reads them: of those that name the person and, where nested
// groups are flattened, also of those around these. known remembers names, so that many people of few groups cost little.
func groupsOf(tx store.Tx, user store.Key, options Options, known map[store.Key]string) ([]string, error) {
	if !options.Rules.ReadsGroups() {
		return nil, nil
	}
	groups, err := collect(tx.GroupsOf(user))
	if err != nil {
		return nil, err
	}
	names := []string{}
	for i := 0; i < len(groups); i++ {
		name, err := groupName(tx, groups[i], known)
		if err != nil {
			return nil, err
		}
		if name == "" {
			continue // removed, and so nobody is in the groups around it by it
		}
		names = append(names, name)
		if options.NestedGroups != NestedFlatten {
			continue
		}
		for outer, err := range tx.GroupsOf(groups[i]) {
			if err != nil {
				return nil, err
			}
			if !slices.Contains(groups, outer) {
				groups = append(groups, outer)
			}
		}
	}
	return names, nil
}

// groupName returns the name of a group, "" if it is removed.
func groupName(tx store.Tx, key store.Key, known map[store.Key]string) (string, error) {
	name, met := known[key]
	if met {
		return name, nil
	}
	group, err := tx.Resource(key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	if err == nil && !group.Deleted {
		name = group.Document.String("displayName")
	}
	known[key] = name
	return name, nil
}

// translation is what the mapping needs to know of the source and the person.
func (j *job) translation() translate.Options {
	return translate.Options{SoftDeleteRenames: j.options.SoftDeleteRenames, Rules: j.options.Rules, Groups: j.stand.groups}
}

// outsideWarning tells why somebody has no active account who is active at the source.
func (j *job) outsideWarning() []string {
	if !j.stand.outside {
		return nil
	}
	return []string{"the scope of the source does not take this person"}
}
