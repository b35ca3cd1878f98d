package slacksim

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// request is a call with its body read.
type request struct {
	method string
	path   string
	query  url.Values
	raw    string // the query as it was sent
	header http.Header
	body   []byte
}

// target is the path with the query.
func (r *request) target() string {
	if r.raw == "" {
		return r.path
	}
	return r.path + "?" + r.raw
}

// serve answers one call. It blocks for as long as the call takes or until ctx
// ends, whichever is first.
func (s *Sim) serve(ctx context.Context, r *request) *answer {
	if ctx.Err() != nil {
		return &answer{err: context.Cause(ctx)} // never sent
	}
	rt := routeOf(r.method, r.path)
	now := s.enter()
	defer s.mu.Unlock()
	call := &Call{Time: now, Method: r.method, Path: r.target(), Endpoint: rt.endpoint, Body: string(r.body)}
	s.calls.add(call)
	p := s.strike(r, rt)
	call.Fault = p.kind()
	a := s.attend(ctx, r, rt, p, now)
	if a.err == nil && a.loss != lossDropped && a.loss != lossRefused {
		call.Status = a.status
	}
	return a
}

// attend takes a call through faults, admission, latency and effect.
func (s *Sim) attend(ctx context.Context, r *request, rt route, p plan, now time.Time) *answer {
	if !rt.web {
		p.delay += s.opts.Latency
	}
	if a := p.before(rt); a != nil {
		return s.delayed(ctx, p.delay, a)
	}
	if refusal := s.admit(r, rt, now); refusal != nil {
		// A refusal is decided at the edge: no latency but that of a fault.
		return s.delayed(ctx, p.delay-s.opts.Latency, p.after(refusal.answer(rt.version)))
	}
	if p.fault.Kind == ApplyLate {
		s.unlock(rt)
		s.schedule(now.Add(p.fault.Delay), func(at time.Time) { s.execute(r, rt, p, at) })
		return s.delayed(ctx, p.delay, p.late())
	}
	return s.process(ctx, r, rt, p, now)
}

// admit checks what is checked before a call reaches its resource. When it
// refuses nothing, the call holds the lock of its resource.
func (s *Sim) admit(r *request, rt route, now time.Time) *apiError {
	if rt.web {
		return nil // the Web API answers its own errors
	}
	if refusal := s.authenticate(r, rt); refusal != nil {
		return refusal
	}
	if rt.refusal != nil {
		return rt.refusal
	}
	if refusal := s.throttle(rt, now); refusal != nil {
		return refusal
	}
	return s.lock(rt)
}

// process lets an admitted call take effect at the right moment.
func (s *Sim) process(ctx context.Context, r *request, rt route, p plan, now time.Time) *answer {
	done := func(at time.Time) *answer {
		s.unlock(rt)
		return p.after(s.execute(r, rt, p, at))
	}
	if p.delay <= 0 {
		return done(now)
	}
	if p.effect == EffectAtStart {
		a := p.after(s.execute(r, rt, p, now))
		if s.sleep(ctx, p.delay) {
			s.unlock(rt)
			return a
		}
		s.schedule(now.Add(p.delay), func(time.Time) { s.unlock(rt) })
		return &answer{err: context.Cause(ctx)}
	}
	if s.sleep(ctx, p.delay) {
		return done(time.Now())
	}
	if p.effect == EffectUnlessGone {
		s.unlock(rt)
	} else {
		// A server does not notice that its client has gone.
		s.schedule(now.Add(p.delay), func(at time.Time) { done(at) })
	}
	return &answer{err: context.Cause(ctx)}
}

// delayed returns an answer after a while.
func (s *Sim) delayed(ctx context.Context, d time.Duration, a *answer) *answer {
	if d > 0 && !s.sleep(ctx, d) {
		return &answer{err: context.Cause(ctx)}
	}
	return a
}

// sleep gives up the lock for a while. It reports false if ctx ended first.
func (s *Sim) sleep(ctx context.Context, d time.Duration) bool {
	s.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	ok := true
	select {
	case <-t.C:
	case <-ctx.Done():
		ok = false
	}
	s.enter()
	return ok
}

// authenticate checks version and token.
func (s *Sim) authenticate(r *request, rt route) *apiError {
	unsupported := bad("unsupported_version")
	unsupported.v1Shape = true
	if rt.version == v2 && s.opts.V2Gated {
		return unsupported
	}
	if rt.public() {
		return nil
	}
	token, given := bearer(r.header)
	switch {
	case !given && rt.version == v2:
		return unsupported // what a v2 call without a token was seen to get (CODE)
	case !given:
		return unauthenticated("missing_authentication")
	case !s.valid(token):
		return unauthenticated("invalid_authentication") // LIVE, on v2 too
	case !s.hasScope("admin"), s.users[s.opts.TokenUser].Rank < RoleAdmin:
		return refuse(http.StatusForbidden, "permission_denied")
	}
	return nil
}

// valid says whether a token works. The token of a deactivated account does
// not (INF).
func (s *Sim) valid(token string) bool {
	return slices.Contains(s.tokens, token) && !s.revoked && s.users[s.opts.TokenUser].Active
}

// bearer returns the token of the Authorization header.
func bearer(h http.Header) (string, bool) {
	scheme, token, ok := strings.Cut(h.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}

// execute lets a call take effect and renders the answer.
func (s *Sim) execute(r *request, rt route, p plan, now time.Time) *answer {
	c := &call{sim: s, request: r, route: rt, now: now, wrongActive: p.wrongActive}
	if rt.web {
		return c.webAPI()
	}
	a, refusal := c.do()
	if refusal != nil {
		return refusal.answer(rt.version)
	}
	return a
}

// call is a call in the course of its execution, under the lock.
type call struct {
	sim *Sim
	*request
	route
	now         time.Time
	wrongActive bool
}

// do finds the handler of the endpoint.
func (c *call) do() (*answer, *apiError) {
	switch c.endpoint {
	case EndpointListUsers:
		return c.listUsers()
	case EndpointGetUser:
		return c.getUser()
	case EndpointCreateUser:
		return c.createUser()
	case EndpointUpdateUser:
		if c.method == http.MethodPut {
			return c.putUser()
		}
		return c.patchUser()
	case EndpointDeleteUser:
		return c.deleteUser()
	case EndpointListGroups:
		return c.listGroups()
	case EndpointGetGroup:
		return c.getGroup()
	case EndpointCreateGroup:
		return c.createGroup()
	case EndpointUpdateGroup:
		if c.method == http.MethodPut {
			return c.putGroup()
		}
		return c.patchGroup()
	case EndpointDeleteGroup:
		return c.deleteGroup()
	}
	return c.discover()
}

// schemasHave says whether the body's schemas list a URN.
func schemasHave(body map[string]any, urn string) bool {
	list, _ := body["schemas"].([]any)
	return slices.ContainsFunc(list, func(v any) bool { s, ok := v.(string); return ok && s == urn })
}
