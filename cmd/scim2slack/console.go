package main

import (
	"fmt"
	"io"
)

// console is where a command speaks and what it reads of its surroundings.
type console struct {
	stdout, stderr io.Writer
	environ        []string
}

// printf and printLine write for people. If nobody can be reached any more there is nobody to tell that either.

func printf(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

func printLine(w io.Writer, args ...any) { _, _ = fmt.Fprintln(w, args...) }
