// Package reconcile makes Slack match what the sources desire. It is level-triggered: its queue holds names of
// resources, never events; a worker reads the newest state, plans the difference and applies it.
//
// One resource travels through work (this file), user.go or group.go, plan_*.go (pure), slackapi, and back through
// conclude, where the retry policy (retry.go, pure) decides what comes next and the waiters are answered.
package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
)

// Config is what a Reconciler works with.
type Config struct {
	Store   store.Store
	Slack   *slackapi.Client
	Sources map[string]Options // by the name of the source
	// Protected are Slack user ids that are never changed, beside the token's own.
	Protected []string
	// Settle is how late Slack may still apply a call that it did not answer. 0 means 60 s.
	Settle time.Duration
	Log    *slog.Logger
}

// workers is how many resources of a lane are worked on at once. Each lane has its own, so that none waits for another;
// the order in which Slack's budget is spent is slackapi's business.
var workers = map[slackapi.Lane]int{
	slackapi.LaneLeavers: 8, slackapi.LaneWaited: 8, slackapi.LaneCreates: 6, slackapi.LaneUpdates: 6, slackapi.LaneGroups: 4,
}

// Reconciler is the loop. Make it with New and start it with Run.
type Reconciler struct {
	cfg         Config
	sources     atomic.Pointer[map[string]Options]
	queue       *queue
	waiters     waiters
	quiet       quiet
	gate        *gate
	began       time.Time // when Run began
	identity    atomic.Pointer[slackapi.Identity]
	given       givenToken
	rounds      rounds
	lastSuccess atomic.Pointer[time.Time]
	lastDrift   atomic.Pointer[DriftSummary]
}

// New makes a Reconciler. It starts nothing.
func New(cfg Config) *Reconciler {
	if cfg.Settle == 0 {
		cfg.Settle = time.Minute
	}
	lanes := make([]slackapi.Lane, 0, len(workers))
	for lane := range workers {
		lanes = append(lanes, lane)
	}
	cfg.Store = followed{cfg.Store}
	r := &Reconciler{cfg: cfg, queue: newQueue(lanes), gate: newGate(), given: givenToken{came: make(chan struct{}, 1)}}
	r.sources.Store(&cfg.Sources)
	return r
}

// Run works until ctx ends and returns when its last goroutine has ended. Work that is left stays in the store. It returns an
// error only if the store cannot be read at the start.
func (r *Reconciler) Run(ctx context.Context) error {
	defer r.queue.close()
	r.began = time.Now()
	if err := r.resume(ctx); err != nil {
		return err
	}
	var all sync.WaitGroup
	all.Go(func() { r.keepIdentity(ctx) })
	for lane, n := range workers {
		for range n {
			all.Go(func() { r.worker(ctx, lane) })
		}
	}
	all.Wait()
	return nil
}

// resume puts into the queue what the store says is left, and the pauses that Slack asked for before the last stop.
func (r *Reconciler) resume(ctx context.Context) error {
	return r.cfg.Store.View(ctx, func(tx store.Tx) error {
		if err := errors.Join(r.restorePauses(tx), r.restoreAlarm(tx)); err != nil {
			return err
		}
		for st, err := range tx.PendingKeys() {
			if err != nil {
				return err
			}
			lane, err := r.laneOf(tx, st.Key)
			if err != nil {
				return err
			}
			r.queue.addAt(st.Key, lane, st.NextAttempt, false)
		}
		return nil
	})
}

func (r *Reconciler) worker(ctx context.Context, lane slackapi.Lane) {
	for r.gate.wait(ctx) {
		key, ok := r.queue.take(ctx, lane)
		if !ok {
			return
		}
		// The gate may have closed while the worker waited for a key.
		if r.gate.wait(ctx) {
			r.work(ctx, key, lane)
		}
		r.queue.done(key)
	}
}

// work is one round on one resource: load, plan and apply, conclude, answer.
func (r *Reconciler) work(ctx context.Context, key store.Key, lane slackapi.Lane) {
	r.quiet.taken(key)
	r.rounds.begin(key)
	j, err := r.load(ctx, key, lane)
	if errors.Is(err, store.ErrNotFound) {
		return // it was withdrawn
	}
	if err != nil {
		r.complain(ctx, key, "cannot read the resource", err)
		return
	}
	var o outcome
	ctx = slackapi.Watch(ctx, j.heard)
	switch key.Type {
	case store.User:
		o = r.user(ctx, j)
	case store.Group:
		o = r.group(ctx, j)
	}
	if ctx.Err() != nil || o.madeWay {
		return // a stop is not a failure: the key stays pending
	}
	if e := refusedBy(o.err); e != nil && e.Kind == slackapi.NotFound && j.link != nil {
		o = r.lost(ctx, j, e)
	}
	if e := (*slackapi.Error)(nil); errors.As(o.err, &e) && e.ID == slackapi.AboutAnother {
		o = r.raise(ctx, j, e.Error())
	}
	r.gate.observe(o.err)
	status, err := r.conclude(ctx, j, o)
	if err != nil {
		r.complain(ctx, key, "cannot record the outcome", err)
		return
	}
	if status.Phase == store.Pending {
		r.queue.addAt(key, j.natural, status.NextAttempt, false)
	}
	r.waiters.answer(status)
}

// complain logs what kept a round from being recorded, and tries again later. The store keeps the key pending.
func (r *Reconciler) complain(ctx context.Context, key store.Key, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	r.cfg.Log.Error(what, "key", key, "error", err)
	r.queue.addAt(key, slackapi.LaneUpdates, time.Now().Add(firstPause), false)
}

// job is one resource as it stood when a round of work began.
type job struct {
	key      store.Key
	lane     slackapi.Lane // in which it is worked on
	natural  slackapi.Lane // in which it belongs when nobody waits for it
	options  Options
	resource store.Resource
	link     *store.Link // nil: none
	status   store.Status
	stand    stand             // of a user
	intent   *store.Intent     // nil: none is open
	calls    []store.SlackCall // to Slack, of which no record tells yet
	turned   bool              // the call that is under way had its turn, and its intent is written
}

func (r *Reconciler) load(ctx context.Context, key store.Key, lane slackapi.Lane) (*job, error) {
	j := &job{key: key, lane: lane, options: r.optionsOf(key.Source)}
	err := r.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		if j.resource, err = tx.Resource(key); err != nil {
			return err
		}
		if j.status, err = tx.Status(key); err != nil {
			return err
		}
		if j.natural, err = r.laneOf(tx, key); err != nil {
			return err
		}
		if key.Type == store.User {
			if j.stand, err = r.standingOf(tx, j.resource); err != nil {
				return err
			}
		}
		link, err := tx.Link(key)
		if err == nil {
			j.link = &link
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		intent, err := tx.Intent(key)
		if err == nil {
			j.intent = &intent
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
	return j, err
}

// optionsOf returns the options of a source; one that left the configuration keeps the defaults for what it left behind.
func (r *Reconciler) optionsOf(source string) Options {
	if o, ok := (*r.sources.Load())[source]; ok {
		return o
	}
	return DefaultOptions()
}

// conclude commits what the round came to. A generation that came meanwhile keeps the key pending, and so does whoever asked for work
// meanwhile: they are in the queue too, but the queue does not outlive the process.
func (r *Reconciler) conclude(ctx context.Context, j *job, o outcome) (store.Status, error) {
	now, jitter := time.Now(), rand.Float64()
	var status store.Status
	err := r.cfg.Store.Update(ctx, func(tx store.Tx) error {
		status = decide(j.status, j.resource.Generation, o, now, jitter)
		current, err := tx.Resource(j.key)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if changedDecision(j.status, status) || len(j.calls) > 0 {
			if err := tx.AppendAudit(decisionAudit(j, o, status)); err != nil {
				return err
			}
		}
		if o.forget && current.Generation == j.resource.Generation {
			return tx.ForgetResource(j.key)
		}
		before, err := tx.Status(j.key)
		if err != nil {
			return err
		}
		kept := status
		if kept.Woken = before.Woken; before.Woken != j.status.Woken {
			kept.Phase, kept.NextAttempt = store.Pending, time.Time{}
		}
		if kept.Phase == store.Pending {
			kept.Plan = before.Plan
		}
		return tx.PutStatus(kept)
	})
	if err == nil {
		r.logDecision(j, o, status)
	}
	return status, err
}

// changedDecision reports whether the status says something new that is worth a record: a round that came to the
// same as the one before, without asking Slack, does not fill the audit.
func changedDecision(before, after store.Status) bool {
	return before.Phase != after.Phase || before.Reason != after.Reason || before.Observed != after.Observed ||
		!slices.Equal(before.Warnings, after.Warnings)
}

func decisionAudit(j *job, o outcome, st store.Status) store.Audit {
	a := j.record("decided."+string(st.Phase), nil)
	a.Time, a.Generation = st.Updated, st.Observed
	a.Reason, a.Message, a.Rule = st.Reason, st.Message, j.ruleBehind(o)
	return a
}

func (r *Reconciler) logDecision(j *job, o outcome, st store.Status) {
	level := slog.LevelInfo
	switch {
	case st.Phase == store.Failed || st.Phase == store.Held:
		level = slog.LevelError
	case st.Phase == store.Skipped || st.Phase == store.Pending && o.err != nil:
		level = slog.LevelWarn
	}
	// The message names people and what they have: it is for status and explain, not for a log.
	r.cfg.Log.Log(context.Background(), level, "resource "+string(st.Phase), "key", j.key.String(), "generation", st.Observed,
		"reason", st.Reason, "warnings", len(st.Warnings))
	if st.Phase == store.Synced {
		now := time.Now()
		r.lastSuccess.Store(&now)
	}
}
