package slacksim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func newRequest(t *testing.T, method, path string, body any) *http.Request {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "https://api.slack.com"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+DefaultToken)
	return req
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name    string
		fault   Fault
		status  int   // of the answer, or
		err     error // what the client gets
		html    bool
		retry   string
		created bool // whether the call took effect at once
	}{
		{name: "drop answer", fault: Fault{Kind: DropAnswer}, err: io.EOF, created: true},
		{name: "drop before", fault: Fault{Kind: DropBefore}, err: io.EOF},
		{name: "refused", fault: Fault{Kind: ConnectionRefused}, err: syscall.ECONNREFUSED},
		{name: "500 before", fault: Fault{Kind: StatusBefore}, status: 500, html: true},
		{name: "503 after", fault: Fault{Kind: StatusAfter, Status: 503}, status: 503, html: true, created: true},
		{name: "429", fault: Fault{Kind: TooManyRequests, RetryAfter: 30 * time.Second}, status: 429, retry: "30"},
		{name: "refuse", fault: Fault{Kind: RefuseWith, Error: "invited_user_not_created"}, status: 400},
		{name: "truncate", fault: Fault{Kind: TruncateBody}, err: io.ErrUnexpectedEOF, created: true},
		{name: "late", fault: Fault{Kind: ApplyLate, Delay: 5 * time.Second}, err: io.EOF},
		{name: "late with 502", fault: Fault{Kind: ApplyLate, Delay: 5 * time.Second, Status: 502}, status: 502, html: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New(Options{})
				tt.fault.Endpoint, tt.fault.Times = EndpointCreateUser, 1
				in := s.Inject(tt.fault)
				send(t, s, "GET", "/v2/Users", nil).want(t, 200, "") // another endpoint
				r, err := try(t, s, "POST", "/v2/Users", newUser2("a"))
				if !errors.Is(err, tt.err) || tt.err == nil && (err != nil || r.status != tt.status) {
					t.Fatalf("%d %s, %v", r.status, r.text, err)
				}
				if html := strings.HasPrefix(r.text, "<!DOCTYPE"); html != tt.html || r.header.Get("Retry-After") != tt.retry {
					t.Errorf("%v %s", r.header, r.text)
				}
				if _, created := s.UserByName("a"); created != tt.created {
					t.Errorf("created: %v", created)
				}
				if last := s.Calls()[1]; last.Fault != tt.fault.Kind || in.Fired() != 1 {
					t.Errorf("%+v, fired %d", last, in.Fired())
				}
				late := tt.fault.Kind == ApplyLate
				time.Sleep(5 * time.Second)
				if _, created := s.UserByName("a"); created != (tt.created || late) {
					t.Errorf("created in the end: %v", created)
				}
				if !tt.created && !late {
					send(t, s, "POST", "/v2/Users", newUser2("a")).want(t, 201, "") // no longer struck
				}
			})
		})
	}
}

func TestLateWriteCanOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		id := s.AddUser(User{UserName: "a", Active: true})
		s.Inject(Fault{Kind: ApplyLate, Delay: time.Minute, Times: 1, Status: 504, Body: "stale"})
		send(t, s, "PATCH", "/v2/Users/"+id, patch2(op("replace", "title", "stale"))).want(t, 504, "")
		send(t, s, "PATCH", "/v2/Users/"+id, patch2(op("replace", "title", "new"))).want(t, 200, "")
		time.Sleep(time.Minute)
		if got := mustUser(t, s, id).Title; got != "stale" {
			t.Error(got)
		}
	})
}

// TestEffectsHappenInTheOrderOfTheirTimes also when nobody looks in between.
func TestEffectsHappenInTheOrderOfTheirTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{PhotoDelay: -1})
		id := s.AddUser(User{UserName: "a", Active: true})
		for i, delay := range []time.Duration{5, 3, 5, 1} {
			in := s.Inject(Fault{Kind: ApplyLate, Delay: delay * time.Second, Times: 1})
			body := patch2(op("replace", "title", string(rune('a'+i))))
			if _, err := try(t, s, "PATCH", "/v2/Users/"+id, body); !errors.Is(err, io.EOF) || in.Fired() != 1 {
				t.Fatal(err)
			}
		}
		if s.Pending() != 4 {
			t.Error(s.Pending())
		}
		time.Sleep(time.Minute)
		if got := mustUser(t, s, id).Title; got != "c" { // the second of those at five seconds
			t.Error(got)
		}
	})
}

func TestWrongActive(t *testing.T) {
	s := New(fast(Options{}))
	id := s.AddUser(User{UserName: "a", Active: true})
	g := s.AddGroup(Group{DisplayName: "g", Members: []string{id}})
	s.Inject(Fault{Kind: WrongActive})
	r := send(t, s, "PATCH", "/v2/Users/"+id, patch2(op("replace", "title", "x"))).want(t, 200, "")
	if r.body["active"] != false || mustUser(t, s, id).Active || len(mustGroup(t, s, g).Members) != 0 {
		t.Error(r.text)
	}
	r = send(t, s, "POST", "/v2/Users", newUser2("b")).want(t, 201, "")
	if r.body["active"] != false {
		t.Error(r.text)
	}
	send(t, s, "PATCH", "/v2/Users/"+s.TokenUser(), patch2(op("replace", "title", "x"))).want(t, 200, "")
	if !mustUser(t, s, s.TokenUser()).Active {
		t.Error("the primary owner was deactivated")
	}
}

func TestFaultMatching(t *testing.T) {
	s := New(fast(Options{}))
	second := s.Inject(Fault{Kind: StatusBefore, Method: "GET", Path: "count=2", Skip: 1, Times: 2})
	for i, want := range []int{200, 500, 500, 200} {
		send(t, s, "GET", "/v2/Users?count=2", nil).want(t, want, "")
		send(t, s, "GET", "/v2/Users?count=3", nil).want(t, 200, "")
		if i == 3 && second.Fired() != 2 {
			t.Error(second.Fired())
		}
	}
	always := s.Inject(Fault{Kind: StatusBefore})
	send(t, s, "GET", "/v2/Users", nil).want(t, 500, "")
	always.Remove()
	send(t, s, "GET", "/v2/Users", nil).want(t, 200, "")
	s.Inject(Fault{Kind: StatusBefore})
	s.ClearFaults()
	send(t, s, "GET", "/v2/Users", nil).want(t, 200, "")

	counts := make([]int, 2)
	for i := range counts {
		s := New(fast(Options{}))
		in := s.Inject(Fault{Kind: StatusBefore, Probability: 0.3, Seed: 7})
		for range 1000 {
			send(t, s, "GET", "/v2/Users", nil)
		}
		counts[i] = in.Fired()
	}
	if counts[0] != counts[1] || counts[0] < 200 || counts[0] > 400 {
		t.Errorf("struck %v of 1000", counts)
	}
}

// TestLossesOverHTTP makes the same losses over a real connection.
func TestLossesOverHTTP(t *testing.T) {
	for _, kind := range []FaultKind{DropAnswer, DropBefore, ConnectionRefused, TruncateBody} {
		t.Run(kind.String(), func(t *testing.T) {
			s := New(fast(Options{}))
			srv := httptest.NewServer(s.Handler())
			defer srv.Close()
			s.Inject(Fault{Kind: kind, Times: 1})
			post := func() (response, error) {
				text, _ := json.Marshal(newUser2("a"))
				req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/scim/v2/Users", bytes.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+DefaultToken)
				return do(srv.Client(), req)
			}
			if _, err := post(); err == nil {
				t.Fatal("no error")
			}
			_, created := s.UserByName("a")
			if want := kind == DropAnswer || kind == TruncateBody; created != want {
				t.Fatalf("created: %v", created)
			}
			r, err := post()
			if err != nil || (r.status == 201) == created {
				t.Errorf("%d %s %v", r.status, r.text, err)
			}
		})
	}
}

// TestSameOverHTTP holds the handler and the in-memory transport to the same
// answers.
func TestSameOverHTTP(t *testing.T) {
	s := New(fast(Options{}))
	id := s.AddUser(User{UserName: "a", Active: true})
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	for _, c := range []struct{ method, path string }{
		{"GET", "/v2/Users/" + id}, {"GET", "/v2/Users/U0X"}, {"GET", "/v2/Schemas"}, {"DELETE", "/v2/Users/" + id},
		{"DELETE", "/v1/Users/" + id},
	} {
		want := send(t, s, c.method, c.path, nil)
		req, err := http.NewRequestWithContext(t.Context(), c.method, srv.URL+"/scim"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+DefaultToken)
		got, err := do(srv.Client(), req)
		if err != nil || got.status != want.status || got.text != want.text || got.header.Get("Content-Type") != want.header.Get("Content-Type") {
			t.Errorf("%s %s: %d %q %v", c.method, c.path, got.status, got.text, err)
		}
	}
}

func TestCanceledBeforeSending(t *testing.T) {
	s := New(fast(Options{}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req := newRequest(t, "POST", "/scim/v2/Users", newUser2("a")).WithContext(ctx)
	if _, err := do(s.Client(), req); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if s.Count() != 0 || len(s.Users()) != 1 {
		t.Error("it was sent all the same")
	}
}

func TestCallLog(t *testing.T) {
	s := New(fast(Options{CallLog: 3}))
	for range 5 {
		send(t, s, "GET", "/v2/Users?count=1", nil)
	}
	send(t, s, "POST", "/v2/Users", newUser2("a"))
	calls := s.Calls()
	if len(calls) != 3 || s.Count(EndpointListUsers) != 5 || s.Count() != 6 || s.Count(EndpointCreateUser, EndpointListUsers) != 6 {
		t.Errorf("%d calls, %d lists", len(calls), s.Count(EndpointListUsers))
	}
	last := calls[2]
	if last.Status != 201 || last.Method != "POST" || last.Endpoint != EndpointCreateUser || !strings.Contains(last.Body, `"a"`) ||
		calls[0].Path != "/scim/v2/Users?count=1" {
		t.Errorf("%+v", last)
	}
	s.ResetCalls()
	if len(s.Calls()) != 0 || s.Count() != 0 {
		t.Error("not reset")
	}
	s = New(fast(Options{CallLog: -1}))
	send(t, s, "GET", "/v2/Users", nil)
	if len(s.Calls()) != 0 || s.Count(EndpointListUsers) != 1 {
		t.Error("switched off")
	}
}
