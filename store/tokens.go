package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Token is a bearer token that the gateway made for a source. What is kept is its hash, from which nobody makes the token.
type Token struct {
	ID       string    `json:"id"`   // the beginning of the hash; no secret
	Name     string    `json:"name"` // no two tokens have the same
	Source   string    `json:"source"`
	Hash     []byte    `json:"hash"` // SHA-256
	ReadOnly bool      `json:"readOnly,omitempty"`
	Created  time.Time `json:"created"`
	By       string    `json:"by"` // who made it, as the audit names them
	Expires  time.Time `json:"expires,omitzero"`
	LastUse  time.Time `json:"lastUse,omitzero"` // to the hour
}

// tokensSetting is where the tokens are kept, all in one: there are few, and they are read together.
const tokensSetting = "tokens"

// Tokens returns the tokens of all sources, oldest first.
func Tokens(tx Journal) ([]Token, error) {
	raw, err := tx.Setting(tokensSetting)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Token
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("the tokens in the store cannot be read: %w", err)
	}
	return list, nil
}

// PutTokens replaces them.
func PutTokens(tx Journal, list []Token) error {
	raw, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return tx.PutSetting(tokensSetting, raw)
}
