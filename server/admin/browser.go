package admin

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// harden tells a browser to do nothing with an answer but to show it: not to run, frame, guess at, keep or pass on anything of it. There are no
// cookies, so there is nothing that a foreign page could make a browser send along.
func harden(header http.Header) {
	header.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
}

// foreign refuses what a page of somebody else's may have made a browser send: a request by a name that is none of ours, to which that page's
// owner let it point (DNS rebinding), and a change that comes from another origin.
func (h *Handler) foreign(r *http.Request) *refusal {
	if !h.isOurs(r.Host) {
		return &refusal{status: http.StatusForbidden, reason: "a host name that is not ours",
			message: "this host name is not served here: use an IP address or localhost, or list the name in admin.hosts (SCIM2SLACK_ADMIN_HOSTS)"}
	}
	if err := h.crossOrigin.Check(r); err != nil {
		return &refusal{status: http.StatusForbidden, reason: "a change that comes from another origin", message: "changes are not taken from pages of another origin"}
	}
	return nil
}

// isOurs reports whether a Host header is an address or a name under which this is served. Nothing but programs leaves it out.
func (h *Handler) isOurs(host string) bool {
	name := host
	if before, _, err := net.SplitHostPort(host); err == nil {
		name = before
	}
	name = strings.TrimSuffix(strings.ToLower(strings.Trim(name, "[]")), ".")
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return host == "" || name == "localhost" || slices.ContainsFunc(h.cfg.Hosts, func(ours string) bool { return strings.EqualFold(ours, name) })
}
