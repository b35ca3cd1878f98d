package boltstore

import (
	"bytes"

	"scim2slack/store"
)

func (t *tx) Setting(name string) ([]byte, error) {
	value, err := t.get(settings, appendText(newKey(), name))
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, store.ErrNotFound
	}
	return bytes.Clone(value), nil
}

func (t *tx) PutSetting(name string, value []byte) error {
	if err := t.writable(); err != nil {
		return err
	}
	return t.put(settings, appendText(newKey(), name), append([]byte{}, value...))
}
