package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"scim2slack/reconcile"
)

// reloads is what it takes to read the configuration again.
type reloads struct {
	file    string
	environ []string
	seen    [sha256.Size]byte // of the content that was read last, whether it was good or not
	hangUp  chan os.Signal
}

// lookEvery is how often the file is looked at. Its content counts, and not its time: links that are moved over it, as orchestrators do, are noticed too.
const lookEvery = 2 * time.Second

func newReloads(file string, environ []string) *reloads {
	r := &reloads{file: file, environ: environ, hangUp: make(chan os.Signal, 1)}
	r.changed()
	signal.Notify(r.hangUp, syscall.SIGHUP)
	return r
}

// changed reports whether the file has another content than at the last look. One that cannot be read has none.
func (r *reloads) changed() bool {
	content, err := readConfigFile(r.file)
	if err != nil {
		return false
	}
	now := sha256.Sum256(content)
	other := now != r.seen
	r.seen = now
	return other
}

// watch reads the configuration again when its file changes, or when SIGHUP comes, until ctx ends.
func (d *daemon) watch(ctx context.Context) error {
	if d.reloads == nil {
		<-ctx.Done()
		return nil
	}
	defer signal.Stop(d.reloads.hangUp)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		told := false
		select {
		case <-ctx.Done():
			return nil
		case <-d.reloads.hangUp:
			told = true
		case <-ticker.C:
		}
		if d.reloads.changed() || told {
			d.reload(ctx, d.reloads.file, d.reloads.environ)
		}
	}
}

// reload makes another configuration the one that counts, as a whole or not at all: one with faults, or one that would put too many people out of
// Slack, changes nothing.
func (d *daemon) reload(ctx context.Context, file string, environ []string) {
	next, warnings, err := loadConfig(file, environ)
	for _, w := range warnings {
		d.log.Warn("configuration: " + w.String())
	}
	if faults := (*configError)(nil); errors.As(err, &faults) {
		for _, f := range faults.faults {
			d.log.Error("the configuration has a fault, and the old one stays", "fault", f.String())
		}
		return
	}
	before, after := d.applied.Load().options(), next.options()
	v, err := next.apply(ctx, d.store, "")
	if err != nil {
		d.log.Error("the old configuration stays", "error", err)
		return
	}
	if err := d.edge.SetCredentials(next.credentials()); err != nil {
		d.log.Error("the old credentials stay", "error", err)
		return
	}
	if err := d.tokens.configure(ctx, next); err != nil {
		d.log.Error("the tokens that the gateway made may still count as before", "error", err)
	}
	d.edge.SetRates(next.rates())
	caller := next.caller()
	d.caller.Store(&caller)
	d.admin.SetSources(next.sourceNames())
	d.admin.SetTokens(next.adminTokens())
	d.reconciler.SetSources(after)
	for _, key := range v.Keys {
		d.reconciler.Enqueue(key)
	}
	d.catchUp(ctx, before, after)
	d.applied.Store(next)
	d.log.Info("the configuration was read again", "plan", v.ID, "people", v.People, "effect", v.counts())
	if fixed := d.cfg.restartsFor(next); len(fixed) > 0 {
		d.log.Warn("these keys take effect at the next start", "keys", fixed)
	}
}

// catchUp works on those who were pushed between the comparison and the moment from which the new options count.
func (d *daemon) catchUp(ctx context.Context, before, after map[string]reconcile.Options) {
	late, err := reconcile.PlanChange(ctx, d.store, before, after, func(int, int) {})
	if err == nil {
		err = late.Apply(ctx, d.store)
	}
	if err != nil {
		d.log.Error("those who were pushed while the configuration was read again may keep what the old one made of them until they change", "error", err)
		return
	}
	for _, key := range late.Keys {
		d.reconciler.Enqueue(key)
	}
}

// swapped are the keys, beside those of the sources, that count as soon as they are read.
var swapped = []string{"plan.maxLeavers", "admin.token", "admin.tokenFile"}

// restartsFor lists the keys, beside those of the sources, that another configuration has otherwise.
func (c *config) restartsFor(next *config) (keys []string) {
	others := gatewayKeys(next)
	for i, k := range gatewayKeys(c) {
		if !slices.Contains(swapped, k.path) && k.show() != others[i].show() {
			keys = append(keys, k.path)
		}
	}
	if c.Slack.Token != next.Slack.Token {
		keys = append(keys, "slack.token")
	}
	if c.Audit.Key != next.Audit.Key {
		keys = append(keys, "audit.key")
	}
	return keys
}
