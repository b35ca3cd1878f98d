package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"scim2slack/reconcile"
	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/translate"
)

// applied is what of a source's configuration decides what becomes of people. The store keeps what was applied last, so that a change of it is
// noticed, judged, and reaches those whom it concerns and nobody else.
type applied struct {
	Options reconcile.Options `json:"options"`
	Rules   translate.RuleSet `json:"rules"`
}

// appliedSetting is the name under which it is kept, before the name of the source.
const appliedSetting = "applied."

func (s *sourceConfig) applied() applied {
	a := applied{Options: s.Options, Rules: s.Rules.set()}
	a.Options.Rules = nil
	return a
}

// same reports whether two come to the same; where a rule is written does not matter.
func (a applied) same(b applied) bool {
	bare := func(a applied) applied {
		rules := make([]translate.Rule, len(a.Rules.User))
		for i, rule := range a.Rules.User {
			rule.Place = ""
			rules[i] = rule
		}
		a.Rules.User = rules
		a.Rules.Scope.Place, a.Rules.GroupName.Place, a.Rules.GroupScope.Place = "", "", ""
		return a
	}
	return reflect.DeepEqual(bare(a), bare(b))
}

// compiled returns the options with their rules ready. The error names the first rule that does not compile.
func (a applied) compiled() (reconcile.Options, error) {
	if a.Rules.Empty() {
		return a.Options, nil
	}
	rules, faults := translate.CompileRules(a.Rules)
	if len(faults) > 0 {
		return a.Options, fmt.Errorf("the rule %s: %s", faults[0].Of, faults[0].Problem)
	}
	a.Options.Rules = rules
	return a.Options, nil
}

// lastApplied reads what was applied last, of the sources that are known.
func lastApplied(ctx context.Context, st store.Store, sources []string) (map[string]applied, error) {
	last := map[string]applied{}
	err := st.View(ctx, func(tx store.Tx) error {
		for _, source := range sources {
			raw, err := tx.Setting(appliedSetting + source)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			var a applied
			if err == nil {
				err = json.Unmarshal(raw, &a)
			}
			if err != nil {
				return fmt.Errorf("what was last applied of source %s: %w", source, err)
			}
			last[source] = a
		}
		return nil
	})
	return last, err
}

// verdict is a plan, and what is said of it.
type verdict struct {
	reconcile.ChangePlan
	MaxLeavers int     `json:"maxLeavers"`
	Refused    bool    `json:"refused"` // more people would leave than plan.maxLeavers
	Seconds    float64 `json:"seconds"` // of Slack's budget, at the least

	changed map[string]applied // the sources that are not as they were applied last, as they are to be
}

// judge compares what was applied last with what is to be applied.
func judge(ctx context.Context, st store.Store, next map[string]applied, c *config, progress func(done, all int)) (verdict, error) {
	names := make([]string, 0, len(next))
	for name := range next {
		names = append(names, name)
	}
	last, err := lastApplied(ctx, st, names)
	if err != nil {
		return verdict{}, err
	}
	before, after := map[string]reconcile.Options{}, map[string]reconcile.Options{}
	changed := map[string]applied{}
	for name, a := range next {
		was, known := last[name]
		if known && was.same(a) {
			continue
		}
		changed[name] = a
		if after[name], err = a.compiled(); err != nil {
			return verdict{}, fmt.Errorf("source %s: %w", name, err)
		}
		if !known {
			continue
		}
		// Rules of the last start that this version of the program does not take any more say nothing of how it was: then it was the default
		// mapping, for everybody.
		before[name], _ = was.compiled()
	}
	plan, err := reconcile.PlanChange(ctx, st, before, after, progress)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{ChangePlan: plan, MaxLeavers: c.MaxLeavers, changed: changed}
	if v.MaxLeavers < 0 {
		v.MaxLeavers = max(5, plan.People/100)
	}
	v.Refused = plan.Counts[reconcile.Leaves] > v.MaxLeavers
	took, err := slackapi.Least(plan.Calls, c.Slack.Limits, c.Slack.Share)
	v.Seconds = took.Seconds()
	return v, err
}

// refusedPlanError says that a configuration would put too many people out of Slack.
type refusedPlanError struct {
	verdict
}

func (e *refusedPlanError) Error() string {
	return fmt.Sprintf("the configuration is not applied: %d people would leave Slack by it, and plan.maxLeavers is %d. Nothing was changed. See who they are with "+
		"\"scim2slack plan -c FILE\"; if that is right, start with \"serve --approve %s\"", e.Counts[reconcile.Leaves], e.MaxLeavers, e.ID)
}

// apply makes the configuration the one that counts: weigh and keep.
func (c *config) apply(ctx context.Context, st store.Store, approve string) (verdict, error) {
	v, err := c.weigh(ctx, st, approve)
	if err == nil {
		err = v.keep(ctx, st)
	}
	return v, err
}

// weigh judges the configuration against what was applied last. A change that puts out too many is refused, unless approve names its very plan.
// It changes nothing. The error is a *refusedPlanError, or the store's.
func (c *config) weigh(ctx context.Context, st store.Store, approve string) (verdict, error) {
	next := map[string]applied{}
	for _, s := range c.Sources {
		next[s.Name] = s.applied()
	}
	v, err := judge(ctx, st, next, c, func(int, int) {})
	if err != nil {
		return v, err
	}
	if v.Refused && v.ID != approve {
		return v, &refusedPlanError{v}
	}
	return v, nil
}

// keep makes those pending whom the configuration concerns, and then remembers it. Errors are the store's.
func (v verdict) keep(ctx context.Context, st store.Store) error {
	if err := v.Apply(ctx, st); err != nil || len(v.changed) == 0 {
		return err
	}
	return st.Update(ctx, func(tx store.Tx) error {
		for name, a := range v.changed {
			raw, err := json.Marshal(a)
			if err != nil {
				return err
			}
			if err := tx.PutSetting(appliedSetting+name, raw); err != nil {
				return err
			}
		}
		if v.ID == "" {
			return nil
		}
		return tx.AppendAudit(store.Audit{Time: time.Now(), Actor: "configuration", Event: "configuration.applied", Plan: v.ID, Detail: v.counts()})
	})
}

// counts says in words how many are concerned.
func (v verdict) counts() string {
	return fmt.Sprintf("%d enter, %d leave, %d change, %d are held", v.Counts[reconcile.Enters], v.Counts[reconcile.Leaves], v.Counts[reconcile.Changes], v.Counts[reconcile.Holds])
}
