package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"scim2slack/server"
)

// reloads is what it takes to read the configuration again.
type reloads struct {
	file    string // "": there is none, and the environment alone names files
	environ []string
	files   map[place]reading // as they were read last, whether they were good or not
	text    string            // of the file as it counts; it is not part of what may be printed
	hangUp  chan os.Signal
	mu      sync.Mutex // one reading at a time
}

// lookEvery is how often the files are looked at.
const lookEvery = 2 * time.Second

// newReloads goes on from what the loader read.
func newReloads(l *loader, environ []string) *reloads {
	r := &reloads{file: l.file, environ: environ, files: l.files, text: l.text, hangUp: make(chan os.Signal, 1)}
	signal.Notify(r.hangUp, syscall.SIGHUP)
	return r
}

// watch reads the configuration again when its file, or that of a secret or key, changes, or when SIGHUP comes, until ctx ends.
func (d *daemon) watch(ctx context.Context) error {
	if d.reloads == nil {
		<-ctx.Done()
		return nil
	}
	defer signal.Stop(d.reloads.hangUp)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.reloads.hangUp:
			d.look(ctx, true)
		case <-ticker.C:
			d.look(ctx, false)
		}
	}
}

// look reads the configuration again if a file of it changed, or if it was told to.
func (d *daemon) look(ctx context.Context, told bool) {
	d.reloads.mu.Lock()
	defer d.reloads.mu.Unlock()
	if told || changed(d.reloads.files) {
		d.reload(ctx)
	}
}

// reload makes another configuration the one that counts. Secrets count at once. The rest counts as a whole or not at all: one that has faults, or
// would put too many people out of Slack, changes nothing.
func (d *daemon) reload(ctx context.Context) {
	next, text, good := d.again()
	if next == nil {
		return
	}
	d.replaceSecrets(ctx, next)
	// From here on it is noted on whom work begins: by the old options, while the new ones are compared with them.
	changeover := d.reconciler.BeginChangeover()
	defer changeover.End()
	v, err := next.weigh(ctx, d.store, "")
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
	v.Keys = append(v.Keys, changeover.To(next.options())...)
	d.applied.Store(next)
	d.reloads.text = text
	if err := v.keep(ctx, d.store); err != nil {
		d.log.Error("the configuration counts, but who is concerned could not be marked; they are at the next start", "error", err)
	}
	for _, key := range v.Keys {
		d.reconciler.Enqueue(key)
	}
	if !good {
		d.log.Info("the files of the old configuration's secrets were read again")
		return
	}
	d.log.Info("the configuration was read again", "plan", v.ID, "people", v.People, "effect", v.counts())
	if fixed := d.cfg.restartsFor(next); len(fixed) > 0 {
		d.log.Warn("these keys take effect at the next start", "keys", fixed)
	}
}

// again reads the configuration. If it has faults, which are logged, it is the one that counts, good is false, and only its files are read again, so
// that a fault elsewhere keeps no secret from being replaced. It is nil if these have faults too. text is that of its file.
func (d *daemon) again() (next *config, text string, good bool) {
	r := d.reloads
	l := newLoader(r.file)
	l.before = r.files
	next, warnings, err := l.load(r.environ)
	r.files = l.files
	d.logFaults(warnings, err)
	if err == nil {
		return next, l.text, true
	}
	old := newLoader(r.file)
	old.before, old.text = l.before, r.text
	if old.text == "" { // there is no file, so it would be the same again
		return nil, "", false
	}
	next, _, err = old.load(r.environ)
	maps.Copy(r.files, old.files)
	if err != nil {
		return nil, "", false
	}
	return next, r.text, false
}

func (d *daemon) logFaults(warnings []fault, err error) {
	for _, w := range warnings {
		d.log.Warn("configuration: " + w.String())
	}
	if faults := (*configError)(nil); errors.As(err, &faults) {
		for _, f := range faults.faults {
			d.log.Error("the configuration has a fault, and the old one stays", "fault", f.String())
		}
	}
}

// replaceSecrets replaces the credentials of the sources that count, the Slack token and the keys of the store, whatever becomes of the rest of the configuration. Sources
// that are new get theirs with it.
func (d *daemon) replaceSecrets(ctx context.Context, next *config) {
	counting := d.applied.Load().sourceNames()
	credentials := slices.DeleteFunc(next.credentials(), func(c server.Credential) bool { return !slices.Contains(counting, c.Source) })
	if err := d.edge.SetCredentials(credentials); err != nil {
		d.log.Error("the old credentials stay", "error", err)
	}
	d.admin.SetTokens(next.adminTokens())
	if d.slackToken != next.Slack.Token {
		d.slackToken = next.Slack.Token
		d.reconciler.SetToken(next.Slack.Token.reveal())
	}
	if !sameKeys(d.storeKeys, next.Encryption.keys) {
		if err := d.rekey(ctx, next.Encryption.keys); err != nil {
			d.log.Error("the keys of the store stay as they are", "error", err)
			return
		}
		d.storeKeys = next.Encryption.keys
	}
}

// swapped are the keys, beside those of the sources, that count as soon as they are read.
var swapped = []string{"plan.maxLeavers", "admin.token", "admin.tokenFile", "slack.token", "slack.tokenFile", "encryption.key", "encryption.keyFile"}

// restartsFor lists the keys, beside those of the sources, that another configuration has otherwise and that do not count before the next start.
func (c *config) restartsFor(next *config) (keys []string) {
	others := gatewayKeys(next)
	for i, k := range gatewayKeys(c) {
		if !slices.Contains(swapped, k.path) && k.show() != others[i].show() {
			keys = append(keys, k.path)
		}
	}
	if c.Audit.Key != next.Audit.Key {
		keys = append(keys, "audit.key")
	}
	return keys
}
