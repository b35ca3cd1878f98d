package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"scim2slack/reconcile"
)

// bar draws how far something is, if it takes long and somebody looks.
type bar struct {
	w       io.Writer
	begin   time.Time
	drawn   bool
	longest int // of the texts, so that a shorter one leaves nothing of it
}

func newBar(w io.Writer) *bar { return &bar{w: w, begin: time.Now()} }

// people tells how many people something is done with.
func (b *bar) people(done, all int) { b.draw(done, all, fmt.Sprintf("%d of %d people", done, all)) }

// reading tells how far a reading of all of Slack is, and how long it still takes.
func (b *bar) reading(g reconcile.Reading) {
	text := fmt.Sprintf("%d accounts and groups read", g.Read)
	if g.Total > 0 {
		text = fmt.Sprintf("%d of %d accounts and groups read", g.Read, g.Total)
	}
	if g.Seconds >= 1 {
		text += ", about " + about(g.Seconds) + " left"
	}
	b.draw(g.Read, g.Total, text)
}

func (b *bar) draw(done, all int, text string) {
	if !isTerminal(b.w) || !b.drawn && time.Since(b.begin) < 300*time.Millisecond {
		return
	}
	const width = 40
	full := min(width, width*done/max(all, 1))
	b.drawn, b.longest = true, max(b.longest, len(text))
	printf(b.w, "\r[%s%s] %-*s", strings.Repeat("=", full), strings.Repeat(" ", width-full), b.longest, text)
}

// end leaves the line, if there is one.
func (b *bar) end() {
	if b.drawn {
		printLine(b.w)
	}
}
