package main

import (
	"fmt"
	"math"
	"strconv"

	"scim2slack/server"
)

// defaultRate is what a source may ask if nothing else is said. No identity system that is known asks as much; a flood does.
var defaultRate = server.Rate{PerSecond: 1000, Burst: 2000, Concurrent: 200}

// guessRate is how many wrong credentials an address may present before it is told to wait: as many as a source with an old token does, whose
// administrator is to read of a wrong token in its log, and not of too many requests.
var guessRate = server.Rate{PerSecond: 10, Burst: 1000}

func rateKeys(r *server.Rate) []key {
	count := func(path, variable, what string, p *int) key {
		return newKey(path, variable, kindNumber, func(texts []string) error {
			n, err := strconv.Atoi(texts[0])
			if err != nil || n < 1 {
				return fmt.Errorf("is %s: use %s, a whole number of 1 or more", quoteValue(texts[0]), what)
			}
			*p = n
			return nil
		}, func() string { return strconv.Itoa(*p) })
	}
	return []key{
		newKey("rate.perSecond", "RATE_PER_SECOND", kindNumber, func(texts []string) error {
			n, err := strconv.ParseFloat(texts[0], 64)
			if err != nil || !(n > 0) || math.IsInf(n, 0) {
				return fmt.Errorf("is %s: use the requests that the source may send a second, a number above 0", quoteValue(texts[0]))
			}
			r.PerSecond = n
			return nil
		}, func() string { return strconv.FormatFloat(r.PerSecond, 'g', -1, 64) }),
		count("rate.burst", "RATE_BURST", "the requests that may come at once", &r.Burst),
		count("rate.concurrent", "RATE_CONCURRENT", "the requests that may be under way at a time", &r.Concurrent),
	}
}

func (c *config) rates() map[string]server.Rate {
	rates := map[string]server.Rate{}
	for _, s := range c.Sources {
		rates[s.Name] = s.Rate
	}
	return rates
}
