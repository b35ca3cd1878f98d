package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"scim2slack/auditsink"
	"scim2slack/reconcile"
	"scim2slack/scim"
	"scim2slack/scimhandlers"
	"scim2slack/server"
	"scim2slack/server/admin"
	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/store/boltstore"
)

// daemon is the whole gateway. Make it with openDaemon and run it once.
type daemon struct {
	cfg        *config                // of the start
	applied    atomic.Pointer[config] // whose sources count: it may have been read since
	log        *slog.Logger
	store      store.Store
	client     *slackapi.Client
	reconciler *reconcile.Reconciler
	handlers   *scimhandlers.Handler
	edge       *server.Server
	tokens     *sourceTokens
	admin      *admin.Handler
	caller     atomic.Pointer[func(*http.Request) scimhandlers.Source]
	sinks      []*auditsink.Sink
	reloads    *reloads // nil: nothing is read again
	slackToken secret   // that the reconciler was given last
	// rekey replaces the keys of the store, which were given storeKeys last.
	rekey     func(context.Context, []boltstore.Key) error
	storeKeys []boltstore.Key

	scimListener, adminListener, socket net.Listener

	certificates        *server.Certificates // nil: no TLS
	scimDoor, adminDoor *server.Door
}

// openDaemon puts the gateway together: store, client, reconciler, handlers, listeners. Nothing runs yet, and Slack is not
// asked. What is open already is closed again if something fails.
//
// A configuration that would put too many people out of Slack is refused with a *refusedPlanError, unless approve names that plan.
func openDaemon(cfg *config, log *slog.Logger, approve string) (_ *daemon, err error) {
	d := &daemon{cfg: cfg, log: log, slackToken: cfg.Slack.Token}
	d.applied.Store(cfg)
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	sealer, err := cfg.sealer(cfg.firstAuditKey)
	if err != nil {
		return nil, fmt.Errorf("open the data file: %w", err)
	}
	file, err := boltstore.Open(cfg.Data, boltstore.Options{Keys: cfg.Encryption.keys, Sealer: sealer, Log: log})
	if err != nil {
		return nil, fmt.Errorf("open the data file: %w", err)
	}
	d.store, d.rekey, d.storeKeys = file, file.Rekey, cfg.Encryption.keys
	if d.sinks, err = cfg.sinks(d); err != nil {
		return nil, err
	}
	caller := cfg.caller()
	d.caller.Store(&caller)
	v, err := cfg.apply(context.Background(), d.store, approve)
	if err != nil {
		return nil, err
	}
	if v.ID != "" {
		log.Info("the configuration is another one than at the last start", "plan", v.ID, "people", v.People, "effect", v.counts())
	}
	d.client, err = slackapi.New(slackapi.Config{
		Token: cfg.Slack.Token.reveal(), SCIMURL: cfg.Slack.SCIMURL, APIURL: cfg.Slack.APIURL, Share: cfg.Slack.Share, Limits: cfg.Slack.Limits,
		OnPause: d.rememberPause, Log: log,
	})
	if err != nil {
		return nil, fmt.Errorf("Slack client: %w", err)
	}
	d.reconciler = reconcile.New(reconcile.Config{Store: d.store, Slack: d.client, Sources: cfg.options(), Protected: cfg.Slack.Protect,
		Settle: cfg.Slack.Settle, Log: log})
	d.handlers = scimhandlers.New(scimhandlers.Config{Store: d.store, Syncer: d.reconciler, Source: d.callerOf, AnswerWait: cfg.AnswerWait, Log: log})
	if cfg.TLS.ours() {
		if d.certificates, err = server.LoadCertificates(cfg.TLS.files(), log); err != nil {
			return nil, fmt.Errorf("TLS: %w", err)
		}
	}
	d.scimDoor, d.adminDoor = cfg.doors(d.certificates, log)
	if d.edge, err = server.New(server.Config{SCIM: d.handlers, Credentials: cfg.credentials(), Rates: cfg.rates(), Guesses: guessRate, Door: d.scimDoor, Log: log}); err != nil {
		return nil, err
	}
	d.tokens = newSourceTokens(d.store, d.edge, log)
	if err := d.tokens.configure(context.Background(), cfg); err != nil {
		return nil, err
	}
	d.admin = admin.New(admin.Config{Store: d.store, Reconciler: loop{d.reconciler}, Sources: cfg.sourceNames(), SourceTokens: d.tokens, Tokens: cfg.adminTokens(), Hosts: cfg.Admin.Hosts,
		GuardMetrics: cfg.Admin.Metrics == metricsToken, Plan: d.planner, Adopt: d.adopter, Drift: d.drifter, Backup: file.Backup, Rule: d.ruleOf, IssuerKeys: d.issuerKeys,
		Metrics: []prometheus.Collector{doorMetrics{[]*server.Door{d.scimDoor, d.adminDoor}, d.certificates}},
		Sealer:  sealer, AuditLag: d.auditLag, Version: version, Log: log})
	return d, d.listen()
}

// callerOf tells the handlers how the source of a request wants to be understood.
func (d *daemon) callerOf(r *http.Request) scimhandlers.Source { return (*d.caller.Load())(r) }

// rememberPause keeps what Slack asked for over a restart. If that fails, Slack will only say so again.
func (d *daemon) rememberPause(name string, until time.Time) {
	if err := reconcile.RememberPause(context.Background(), d.store, name, until); err != nil {
		d.log.Warn("a pause of Slack's could not be kept for the next start", "limit", name, "error", err)
	}
}

func (d *daemon) listen() (err error) {
	if d.scimListener, err = net.Listen("tcp", d.cfg.Listen); err != nil {
		return fmt.Errorf("listen for SCIM (listen, SCIM2SLACK_LISTEN): %w", err)
	}
	if d.adminListener, err = net.Listen("tcp", d.cfg.Admin.Listen); err != nil {
		return fmt.Errorf("listen for the admin API (admin.listen, SCIM2SLACK_ADMIN_LISTEN): %w", err)
	}
	d.socket, err = admin.ListenSocket(d.cfg.Data)
	return err
}

// close closes what openDaemon opened and run does not own: after run has returned, or instead of it.
func (d *daemon) close() error {
	var errs []error
	for _, l := range []net.Listener{d.scimListener, d.adminListener, d.socket} {
		if l != nil {
			if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	if d.client != nil {
		d.client.CloseIdleConnections()
	}
	if d.store != nil {
		errs = append(errs, d.store.Close())
	}
	return errors.Join(errs...)
}

// announce says what is served where, a line for each listener.
func (d *daemon) announce() {
	scimURL, adminURL := d.urls()
	d.log.Info("serving SCIM", "url", scimURL, "sources", strings.Join(d.cfg.sourceNames(), ", "), "slack", d.cfg.Slack.SCIMURL)
	api := "what is below /admin/v1, with an admin token"
	if len(d.cfg.adminTokens()) == 0 {
		api = "no admin API here, as no admin token is configured"
	}
	d.log.Info("serving health and metrics", "url", adminURL, "paths", "/livez, /readyz, /metrics", "api", api)
	d.log.Info("serving the admin API to this user", "socket", d.socket.Addr().String(), "for", "scim2slack status, explain, links, plan, drift, audit, retry, resume, token and backup")
	for _, name := range d.tokens.nobodyFor(d.cfg) {
		d.log.Warn("nobody can push as this source yet", "source", name, "do", "scim2slack token new --source "+name)
	}
}

func (d *daemon) urls() (scim, admin string) {
	return d.scimDoor.Scheme() + "://" + d.scimListener.Addr().String() + scimhandlers.Root, d.adminDoor.Scheme() + "://" + d.adminListener.Addr().String()
}

// run serves until ctx ends or a part fails. The teardown is the reverse of the start: first the door, so that requests under way
// still find everything behind it, then the loop, then the store. It does not wait for the backlog, which the store keeps.
func (d *daemon) run(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var parts []*part
	for _, s := range d.sinks { // first, so that they end last
		parts = append(parts, begin("audit "+s.Name(), s.Run, end))
	}
	parts = append(parts,
		begin("audit", d.keepAudit, end),
		begin("loop", d.reconciler.Run, end),
		begin("acknowledgements", d.handlers.Run, end),
		begin("configuration", d.watch, end),
		begin("drift", d.compareNowAndThen, end),
		begin("tokens", d.tokens.run, end),
		begin("keys of issuers", d.edge.RefreshKeys, end),
		begin("certificates", d.watchCertificates, end),
		begin("admin listener", func(ctx context.Context) error {
			return serveThrough(ctx, d.adminDoor, d.adminListener, d.admin.TCP(), d.log)
		}, end),
		begin("admin socket", serving(d.socket, d.admin.Socket(), d.log), end),
		begin("SCIM listener", func(ctx context.Context) error { return d.edge.Serve(ctx, d.scimListener) }, end),
	)
	<-ctx.Done()
	d.log.Info("stopping: requests under way are finished, work that is left waits for the next start")
	d.admin.Drain()
	var errs []error
	for i := len(parts) - 1; i >= 0; i-- {
		errs = append(errs, parts[i].stop())
	}
	err := errors.Join(append(errs, d.close())...)
	if err == nil {
		d.log.Info("stopped")
	}
	return err
}

// watchCertificates takes over certificates that are replaced.
func (d *daemon) watchCertificates(ctx context.Context) error {
	if d.certificates == nil {
		<-ctx.Done()
		return nil
	}
	return d.certificates.Run(ctx)
}

// part is a piece of the daemon that runs until it is stopped.
type part struct {
	name   string
	cancel context.CancelFunc
	ended  chan error
}

// begin starts a part with a context of its own. onEnd is called when it ends, also by itself.
func begin(name string, run func(context.Context) error, onEnd func()) *part {
	ctx, cancel := context.WithCancel(context.Background())
	p := &part{name: name, cancel: cancel, ended: make(chan error, 1)}
	go func() {
		defer onEnd()
		p.ended <- run(ctx)
	}()
	return p
}

// stop ends the part and waits for it. It returns an error if the part failed.
func (p *part) stop() error {
	p.cancel()
	if err := <-p.ended; err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

// ruleOf says which rule of a source gives an attribute, and where it is written.
func (d *daemon) ruleOf(source string, a scim.SlackAttribute) string {
	rule, ruled := d.applied.Load().options()[source].Rules.Of(a)
	if !ruled {
		return ""
	}
	return cmp.Or(rule.Expression, "null") + " (" + rule.Place + ")"
}

// issuerKeys shows the keys of issuers of JWTs to the admin side.
func (d *daemon) issuerKeys() (out []admin.IssuerKeys) {
	for _, k := range d.edge.IssuerKeys() {
		out = append(out, admin.IssuerKeys(k))
	}
	return out
}

// loop shows the reconciler to the admin side.
type loop struct {
	*reconcile.Reconciler
}

// Live reads what Slack holds now.
func (l loop) Live(ctx context.Context, key store.Key) admin.Live {
	const most = 200
	live, err := l.Reconciler.Live(ctx, key)
	out := admin.Live{Read: time.Now().UTC(), Active: live.Active, Differences: []admin.Difference{}, Missing: live.Missing[:min(len(live.Missing), most)],
		Extra: live.Extra[:min(len(live.Extra), most)]}
	if err != nil {
		out.Active, out.Problem = nil, err.Error()
	}
	for _, change := range live.Differences {
		out.Differences = append(out.Differences, admin.Difference{Attribute: string(change.Attribute), Applied: change.Old, Holds: change.New})
	}
	return out
}

// Overview returns the state of the loop.
func (l loop) Overview() admin.Overview {
	o := l.Reconciler.Overview()
	var lanes []admin.Lane
	for _, f := range o.Lanes {
		lanes = append(lanes, admin.Lane{Lane: f.Lane.String(), Waiting: f.Waiting, Seconds: f.Left.Seconds()})
	}
	return admin.Overview{
		Lanes:    lanes,
		Drift:    (*admin.DriftSummary)(o.Drift),
		Identity: admin.Identity(o.Identity),
		Paused:   o.Paused, PausedSince: o.PausedSince, Queued: o.Queued, Working: o.Working, LastSuccess: o.LastSuccess, Pauses: o.Pauses,
	}
}
