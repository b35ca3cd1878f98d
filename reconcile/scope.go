package reconcile

import (
	"errors"

	"scim2slack/store"
	"scim2slack/translate"
)

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
	rules := r.optionsOf(resource.Key.Source).Rules
	var groups []string
	if rules.ReadsGroups() {
		groups, err = groupNames(tx, resource.Key, map[store.Key]string{})
	}
	return standing(resource, rules, groups), err
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

// groupNames returns the names of the source's groups that the person is in. known remembers names, so that many people of few groups cost little.
func groupNames(tx store.Tx, user store.Key, known map[store.Key]string) ([]string, error) {
	groups, err := collect(tx.GroupsOf(user))
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, key := range groups {
		name, met := known[key]
		if !met {
			group, err := tx.Resource(key)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			if err == nil && !group.Deleted {
				name = group.Document.String("displayName")
			}
			known[key] = name
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return names, nil
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
