package scimhandlers

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"scim2slack/scim"
	"scim2slack/store"
)

// A cursor (RFC 9865) is the position of the last resource of a page, sealed together with the question, so that it can be neither
// forged nor used with another question. It needs no memory here and does not expire.

const (
	cursorSeal = 16 // bytes of the seal
	// maxCursor is how long a cursor can be in bytes, longer than any that was given out.
	maxCursor = 1024
	// cursorKeySetting names the key of the seals in the store, so that cursors outlive a restart.
	cursorKeySetting = "cursorKey"
)

var errCursor = scim.Errorf(scim.InvalidCursor, "the cursor is none that this question was answered with; begin again with an empty one")

// openCursor reads a cursor. An empty one is before the first resource.
func (h *Handler) openCursor(ctx context.Context, text, question string) (*position, error) {
	if text == "" {
		return &position{}, nil
	}
	if len(text) > maxCursor {
		return nil, errCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= cursorSeal {
		return nil, errCursor
	}
	key, err := h.sealKey(ctx)
	if err != nil {
		return nil, err
	}
	seal, body := raw[:cursorSeal], raw[cursorSeal:]
	if !hmac.Equal(seal, sealOf(key, body, question)) {
		return nil, errCursor
	}
	at, ok := decodePosition(body)
	if !ok {
		return nil, errCursor
	}
	return &at, nil
}

// sealCursor writes a cursor, in characters that need no encoding in a URL (RFC 9865 section 2).
func (h *Handler) sealCursor(ctx context.Context, at position, question string) (string, error) {
	key, err := h.sealKey(ctx)
	if err != nil {
		return "", err
	}
	body := encodePosition(at)
	return base64.RawURLEncoding.EncodeToString(append(sealOf(key, body, question), body...)), nil
}

func sealOf(key, body []byte, question string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(question))
	mac.Write([]byte{0})
	mac.Write(body)
	return mac.Sum(nil)[:cursorSeal]
}

// encodePosition writes type, whether there is a value, the length of the id, the id and the value.
func encodePosition(at position) []byte {
	filled := byte(0)
	if at.filled {
		filled = 1
	}
	out := append([]byte{byte(at.kind), filled, byte(len(at.id))}, at.id...)
	return append(out, at.key...)
}

func decodePosition(b []byte) (at position, ok bool) {
	if len(b) < 3 || len(b) < 3+int(b[2]) {
		return position{}, false
	}
	n := 3 + int(b[2])
	return position{kind: int(b[0]), filled: b[1] == 1, id: string(b[3:n]), key: string(b[n:])}, true
}

// sealKey returns the key of the seals, and makes one if the store has none yet.
func (h *Handler) sealKey(ctx context.Context) (key []byte, err error) {
	if known := h.cursorKey.Load(); known != nil {
		return *known, nil
	}
	read := func(tx store.Tx) (err error) {
		key, err = tx.Setting(cursorKeySetting)
		return err
	}
	err = h.cfg.Store.View(ctx, read)
	if errors.Is(err, store.ErrNotFound) {
		fresh := make([]byte, sha256.Size)
		_, _ = rand.Read(fresh) // never fails
		err = h.cfg.Store.Update(ctx, func(tx store.Tx) error {
			if err := read(tx); !errors.Is(err, store.ErrNotFound) { // another request was faster
				return err
			}
			key = fresh
			return tx.PutSetting(cursorKeySetting, fresh)
		})
	}
	if err != nil {
		return nil, err
	}
	h.cursorKey.Store(&key)
	return key, nil
}
