package admin

import "time"

// IssuerKeys is the state of the keys that an issuer of JWTs publishes.
type IssuerKeys struct {
	URL     string
	Keys    int       // that may be used
	Fetched time.Time // zero if they never were
	Problem string    // of the last fetch, or ""
}

var (
	issuerKeys    = desc("issuer_keys", "Public keys of an issuer of JWTs that may be used.", "url")
	issuerAge     = desc("issuer_keys_age_seconds", "Time since the keys of an issuer were fetched; they are used for a day at the most. Missing until they were.", "url")
	issuerFailing = desc("issuer_keys_failing", "1 if the last fetch of the keys of an issuer failed.", "url")
)

// collectIssuers sends what is known of the keys of each issuer.
func (c *collector) collectIssuers(gauge gaugeFunc) {
	if c.h.cfg.IssuerKeys == nil {
		return
	}
	for _, k := range c.h.cfg.IssuerKeys() {
		gauge(issuerKeys, float64(k.Keys), k.URL)
		gauge(issuerFailing, number(k.Problem != ""), k.URL)
		if !k.Fetched.IsZero() {
			gauge(issuerAge, max(0, time.Since(k.Fetched).Seconds()), k.URL)
		}
	}
}
