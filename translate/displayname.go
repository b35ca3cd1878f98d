package translate

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// displayNameLimit is the longest displayName in characters (slack-scim 3.2, DOC).
const displayNameLimit = 80

// displayName takes out of a name what Slack refuses in one (slack-scim 3.2, DOC: invalid_name_specials, invalid_starts_with_at,
// invalid_emoji_not_allowed, invalid_name_maxlength). A name is not worth refusing the person.
func displayName(t *translation, m *mapping, s string) (string, bool) {
	out := s
	if plausible(out) {
		out = localPart(out)
	}
	out = strings.ReplaceAll(out, "@", "")
	out = withoutEmoji(out)
	if out != s {
		out = strings.Join(strings.Fields(out), " ")
		if out == "" {
			t.leaveOut(m, s, "Slack takes no @ and no emoji in a name, and nothing else is in it")
			return "", false
		}
		t.warn(m, s, "the @ or emoji in it was left out, because Slack takes none in a name")
	}
	if n := utf8.RuneCountInString(out); n > displayNameLimit {
		t.warn(m, s, fmt.Sprintf("it was cut, because it has %d characters and Slack takes at most %d", n, displayNameLimit))
		out = cut(out, displayNameLimit)
	}
	return out, true
}

// cut shortens s to at most n characters and does not part a letter from the marks upon it.
func cut(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	end := n
	for end > 0 && unicode.Is(unicode.M, runes[end]) {
		end--
	}
	if end == 0 { // one letter with more marks than there is room for
		end = n
	}
	return strings.TrimSpace(string(runes[:end]))
}

// emoji are the characters shown as pictures, with the signs that shape them: variation selector 16, the keycap, flags and tags.
// It goes by blocks and so takes a few plain symbols, such as a check mark, for emoji.
var emoji = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x20E3, Hi: 0x20E3, Stride: 1}, // keycap
		{Lo: 0x231A, Hi: 0x231B, Stride: 1},
		{Lo: 0x23CF, Hi: 0x23CF, Stride: 1},
		{Lo: 0x23E9, Hi: 0x23FA, Stride: 1},
		{Lo: 0x25FD, Hi: 0x25FE, Stride: 1},
		{Lo: 0x2600, Hi: 0x27BF, Stride: 1}, // miscellaneous symbols, dingbats
		{Lo: 0x2934, Hi: 0x2935, Stride: 1},
		{Lo: 0x2B05, Hi: 0x2B07, Stride: 1},
		{Lo: 0x2B1B, Hi: 0x2B1C, Stride: 1},
		{Lo: 0x2B50, Hi: 0x2B50, Stride: 1},
		{Lo: 0x2B55, Hi: 0x2B55, Stride: 1},
		{Lo: 0x3030, Hi: 0x3030, Stride: 1},
		{Lo: 0x303D, Hi: 0x303D, Stride: 1},
		{Lo: 0x3297, Hi: 0x3297, Stride: 1},
		{Lo: 0x3299, Hi: 0x3299, Stride: 1},
		{Lo: 0xFE0F, Hi: 0xFE0F, Stride: 1}, // variation selector 16
	},
	R32: []unicode.Range32{
		{Lo: 0x1F000, Hi: 0x1FAFF, Stride: 1}, // pictographs, emoticons, flags
		{Lo: 0xE0020, Hi: 0xE007F, Stride: 1}, // tags of flags
	},
}

const zeroWidthJoiner = '\u200D'

// withoutEmoji drops emoji, and the joiners that tie them together. Joiners elsewhere stay: some scripts spell names with
// them.
func withoutEmoji(s string) string {
	var b strings.Builder
	afterEmoji := false
	for _, r := range s {
		if unicode.Is(emoji, r) {
			afterEmoji = true
			continue
		}
		if r == zeroWidthJoiner && afterEmoji {
			continue
		}
		afterEmoji = false
		b.WriteRune(r)
	}
	return b.String()
}
