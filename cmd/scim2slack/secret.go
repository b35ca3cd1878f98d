package main

import (
	"encoding"
	"fmt"
	"io"
	"log/slog"
)

// secret is a token. Whatever prints it, prints a mask: fmt with any verb, slog, JSON and text encoders. Only reveal gives
// it away, and only the wiring calls that.
type secret string

var _ encoding.TextMarshaler = secret("")

const mask = "[secret]"

func (s secret) reveal() string { return string(s) }

func (secret) String() string               { return mask }
func (secret) GoString() string             { return mask }
func (secret) LogValue() slog.Value         { return slog.StringValue(mask) }
func (secret) MarshalText() ([]byte, error) { return []byte(mask), nil }

// Format keeps %x, %q and %#v from reaching the bytes.
func (secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }
