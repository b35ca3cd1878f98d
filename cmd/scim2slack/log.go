package main

import (
	"io"
	stdlog "log"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
)

// newLog writes coloured lines to a terminal and JSON to anything else.
func newLog(w io.Writer, level slog.Level) *slog.Logger {
	if isTerminal(w) {
		return slog.New(tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: os.Getenv("NO_COLOR") != ""}))
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// quietLibraries ends what libraries log by themselves. net/http shows the beginning of an answer that nobody asked for, and Slack's, or a
// proxy's, may repeat the token.
func quietLibraries() { stdlog.SetOutput(io.Discard) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
