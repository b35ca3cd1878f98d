package server

import "time"

// warned is how far somebody was told of the end of a certificate.
type warned struct {
	ends  time.Time
	stage int
}

// stages are how long before the end of a certificate it is told, each once. After the last one it has ended.
var stages = []time.Duration{30 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour, 0}

// warn tells of certificates that have come nearer to their end.
func (c *Certificates) warn() {
	for what, ends := range c.Ends() {
		told := &c.pair.told
		if what == c.clients.what {
			told = &c.clients.told
		}
		if !told.ends.Equal(ends) {
			*told = warned{ends: ends}
		}
		stage, left := 0, time.Until(ends)
		for stage < len(stages) && left <= stages[stage] {
			stage++
		}
		if stage > told.stage {
			told.stage = stage
			c.tell(what, ends, left)
		}
	}
}

func (c *Certificates) tell(what string, ends time.Time, left time.Duration) {
	message, log := "the "+what+" ends soon: put a new one into its file", c.log.Warn
	if left <= 0 {
		message = "the " + what + " has ended and is refused: put a new one into its file"
	}
	if left <= stages[2] {
		log = c.log.Error
	}
	log(message, "ends", ends.UTC().Format(time.RFC3339), "days", int(left.Hours()/24))
}

// Ends is when each certificate ends: "certificate", and the first "client CA" if clients are asked for certificates.
func (c *Certificates) Ends() map[string]time.Time {
	ends := map[string]time.Time{c.pair.what: c.pair.get().Leaf.NotAfter}
	if c.asked {
		ends[c.clients.what] = c.clients.get().ends
	}
	return ends
}
