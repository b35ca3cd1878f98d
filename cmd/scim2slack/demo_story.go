package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/store"
)

// demoPatience is how long Slack may take to follow one step.
const demoPatience = 30 * time.Second

// demoLimits are high, as the simulated Slack has none: the demonstration shall not take a minute.
func demoLimits() map[string]slackapi.Limit {
	limits := map[string]slackapi.Limit{}
	for _, name := range slackapi.LimitNames() {
		limits[name] = slackapi.Limit{PerMinute: 60000, Burst: 1000}
	}
	return limits
}

// step is a chapter of the story.
type step struct {
	title string
	do    func(context.Context) error
}

// show tells the story step by step, lets Slack follow each, and then shows what Slack holds. It returns an error if that is not exactly
// what was desired.
func (d *demo) show(ctx context.Context) error {
	d.say("A simulated Slack, the gateway and a directory, all on this machine. Nothing reaches the real Slack.")
	jsmith, _ := d.slack.UserByName("jsmith")
	d.say("Slack holds an account jsmith (%s, %q) already, and a group Sales with her in it, which is wrong.\n", jsmith.ID, jsmith.Title)
	for i, s := range d.steps() {
		d.say("%d. %s", i+1, s.title)
		begin := time.Now()
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		pushed := time.Since(begin)
		if err := d.settle(ctx); err != nil {
			return err
		}
		d.say("   The source had its answers after %v, Slack matched after %v.", pushed.Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
	}
	linked, err := d.linked(ctx)
	if err != nil {
		return err
	}
	if err := printSlack(d.out, d.slack, linked); err != nil {
		return err
	}
	if now, _ := d.slack.UserByName("jsmith"); now.ID != jsmith.ID {
		return errors.New("demo: jsmith has another account than before")
	}
	if wrong := differences(d.company, d.slack); len(wrong) > 0 {
		return fmt.Errorf("demo: Slack holds something else than was desired:\n  %s", strings.Join(wrong, "\n  "))
	}
	d.say("Slack holds exactly what the directory desires: %d people, %d groups, no second account for jsmith.\n", len(d.company.people), len(d.company.groups))
	return nil
}

func (d *demo) steps() []step {
	c, p := d.company, d.pusher
	return []step{
		{"A company of 30 people in 6 groups is pushed, as PingFederate does it.", d.pushAll},
		{"Janet Smith is promoted: an attribute changes, on the account that she had before.", func(ctx context.Context) error {
			c.find("jsmith").title = "Head of Finance"
			return p.pushUser(ctx, c.find("jsmith"))
		}},
		{"Hugo Martin leaves: he is pushed as inactive, his account is deactivated.", func(ctx context.Context) error {
			c.find("hmartin").active = false
			return p.pushUser(ctx, c.find("hmartin"))
		}},
		{"People is renamed to Human Resources and stays the same Slack group.", func(ctx context.Context) error {
			c.rename("People", "Human Resources")
			p.ids["Human Resources"] = p.ids["People"]
			return p.patchGroup(ctx, "Human Resources", scim.Object{"op": "replace", "value": scim.Object{"displayName": "Human Resources"}})
		}},
		{"Zoe Laurent moves from Operations to Support.", func(ctx context.Context) error {
			c.move("zlaurent", "Operations", "Support")
			member := []any{scim.Object{"value": p.ids["zlaurent"]}}
			return errors.Join(
				p.patchGroup(ctx, "Support", scim.Object{"op": "add", "path": "members", "value": member}),
				p.patchGroup(ctx, "Operations", scim.Object{"op": "remove", "path": fmt.Sprintf("members[value eq %q]", p.ids["zlaurent"])}))
		}},
	}
}

func (d *demo) pushAll(ctx context.Context) error {
	for i, e := range d.company.people {
		if err := d.pusher.pushUser(ctx, e); err != nil {
			return err
		}
		if (i+1)%10 == 0 {
			d.say("   %d people pushed; Slack has %d accounts.", i+1, len(d.slack.Users()))
		}
	}
	for _, name := range d.company.order {
		if err := d.pusher.pushGroup(ctx, name, d.company.groups[name]); err != nil {
			return err
		}
	}
	d.say("   %d groups pushed.", len(d.company.order))
	return nil
}

// settle waits until the gateway has nothing left to do and Slack shows it.
func (d *demo) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left, err := d.left(ctx)
		if err != nil {
			return err
		}
		if left == 0 && d.slack.Pending() == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("demo: %d resources are not in Slack yet: %w", left, ctx.Err())
		}
	}
}

// left counts the resources with work left.
func (d *demo) left(ctx context.Context) (n int, err error) {
	o := d.daemon.reconciler.Overview()
	err = d.daemon.store.View(ctx, func(tx store.Tx) error {
		n = 0
		for _, err := range tx.PendingKeys() {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return max(n, o.Queued+o.Working), err
}

func (d *demo) say(format string, args ...any) { printf(d.out, format+"\n", args...) }
