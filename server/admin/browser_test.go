package admin

import (
	"net/http/httptest"
	"testing"
)

// What a page of somebody else's can make a browser send is refused, whatever it carries.
func TestForeignPages(t *testing.T) {
	f := newFixture(t, adminToken)
	f.handler.cfg.Hosts = []string{"gateway.example.com"}
	for _, test := range []struct {
		name, method, host, header, value string
		want                              int
	}{
		{"a program", "POST", "127.0.0.1:8081", "", "", 200},
		{"a page of ours", "POST", "127.0.0.1:8081", "Sec-Fetch-Site", "same-origin", 200},
		{"somebody who types", "POST", "localhost:8081", "Sec-Fetch-Site", "none", 200},
		{"another site", "POST", "127.0.0.1:8081", "Sec-Fetch-Site", "cross-site", 403},
		{"another host of the site", "POST", "127.0.0.1:8081", "Sec-Fetch-Site", "same-site", 403},
		{"an old browser on a page of ours", "POST", "127.0.0.1:8081", "Origin", "http://127.0.0.1:8081", 200},
		{"an old browser on another page", "POST", "127.0.0.1:8081", "Origin", "http://evil.example", 403},
		{"another port of this machine", "POST", "127.0.0.1:8081", "Origin", "http://127.0.0.1:3000", 403},
		{"a page without origin", "POST", "127.0.0.1:8081", "Origin", "null", 403},
		{"a name that points here", "GET", "evil.example:8081", "", "", 403},
		{"a name that looks like ours", "GET", "gateway.example.com.evil.example", "", "", 403},
		{"a name that looks like an address", "GET", "127.0.0.1.evil.example:8081", "", "", 403},
		{"a name below localhost", "GET", "evil.localhost:8081", "", "", 403},
		{"our name", "GET", "Gateway.Example.Com:8081", "", "", 405},
		{"our name, in full", "GET", "gateway.example.com.", "", "", 405},
		{"an address", "GET", "10.0.0.1", "", "", 405},
		{"an address of IPv6", "GET", "[::1]:8081", "", "", 405},
		{"an address of IPv6 without port", "GET", "[2001:db8::1]", "", "", 405},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := f.request(test.method, "/admin/v1/resume")
			r.Host = test.host
			r.Header.Set("Authorization", "Bearer "+adminToken)
			if test.header != "" {
				r.Header.Set(test.header, test.value)
			}
			f.loop.alarm = true
			w := httptest.NewRecorder()
			f.handler.TCP().ServeHTTP(w, r)
			if w.Code != test.want || f.loop.alarm == (test.want == 200) {
				t.Errorf("%d %s, want %d; the alarm is on: %v", w.Code, w.Body, test.want, f.loop.alarm)
			}
			if w.Header().Get("Set-Cookie") != "" || w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
	r := f.request("GET", "/metrics")
	r.Host = "evil.example"
	w := httptest.NewRecorder()
	if f.handler.TCP().ServeHTTP(w, r); w.Code != 403 {
		t.Errorf("metrics by a foreign name: %d", w.Code)
	}
}
