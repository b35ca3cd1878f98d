package admin

import (
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"math/big"
	"strings"
)

// A token of ours is s2s_, 32 random bytes and a checksum, in letters and digits alone: scanners for secrets recognise it without a doubt, a
// mistake in copying is told from a token that was revoked, and a double click selects it whole.
const (
	tokenPrefix  = "s2s_"
	randomLength = 43 // digits of 62 that 32 bytes take
	sumLength    = 6  // digits of 62 that a CRC-32 takes
)

// newTokenText makes the text of a token.
func newTokenText() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // it never fails: crypto/rand
	body := digits(new(big.Int).SetBytes(random[:]), randomLength)
	return tokenPrefix + body + checksum(body)
}

// CheckTokenText returns what is wrong with the text of a token of ours. A text that is none of ours has nothing wrong.
func CheckTokenText(text string) error {
	rest, ours := strings.CutPrefix(text, tokenPrefix)
	if !ours {
		return nil
	}
	if len(rest) != randomLength+sumLength || checksum(rest[:randomLength]) != rest[randomLength:] {
		return errors.New("begins as a token of the gateway's and is none: a part is missing or mistyped")
	}
	return nil
}

func checksum(body string) string {
	return digits(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), sumLength)
}

// digits writes a number in the digits 0-9, a-z, A-Z.
func digits(n *big.Int, length int) string { return fmt.Sprintf("%0*s", length, n.Text(62)) }
