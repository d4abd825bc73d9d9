#include "utf8.h"

static bool follows(const uint8_t *at, size_t n)
{
	for (size_t i = 1; i <= n; i++)
		if ((at[i] & 0xc0) != 0x80)
			return false;
	return true;
}

size_t utf8_get(const uint8_t *at, size_t length, uint32_t *rune)
{
	uint32_t r;

	if (at[0] < 0x80) {
		*rune = at[0];
		return 1;
	}
	if (at[0] >= 0xc2 && at[0] <= 0xdf && length >= 2 && follows(at, 1)) {
		*rune = (uint32_t)(at[0] & 0x1f) << 6 | (at[1] & 0x3f);
		return 2;
	}
	if ((at[0] & 0xf0) == 0xe0 && length >= 3 && follows(at, 2)) {
		r = (uint32_t)(at[0] & 0x0f) << 12 | (uint32_t)(at[1] & 0x3f) << 6 | (at[2] & 0x3f);
		*rune = r;
		return r >= 0x800 && (r < 0xd800 || r > 0xdfff) ? 3 : 0;
	}
	if (at[0] >= 0xf0 && at[0] <= 0xf4 && length >= 4 && follows(at, 3)) {
		r = (uint32_t)(at[0] & 0x07) << 18 | (uint32_t)(at[1] & 0x3f) << 12 | (uint32_t)(at[2] & 0x3f) << 6 |
		    (at[3] & 0x3f);
		*rune = r;
		return r >= 0x10000 && r <= 0x10ffff ? 4 : 0;
	}
	return 0;
}

size_t utf8_put(char *to, uint32_t r)
{
	if (r < 0x80) {
		to[0] = (char)r;
		return 1;
	}
	if (r < 0x800) {
		to[0] = (char)(0xc0 | r >> 6);
		to[1] = (char)(0x80 | (r & 0x3f));
		return 2;
	}
	if (r < 0x10000) {
		to[0] = (char)(0xe0 | r >> 12);
		to[1] = (char)(0x80 | (r >> 6 & 0x3f));
		to[2] = (char)(0x80 | (r & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | r >> 18);
	to[1] = (char)(0x80 | (r >> 12 & 0x3f));
	to[2] = (char)(0x80 | (r >> 6 & 0x3f));
	to[3] = (char)(0x80 | (r & 0x3f));
	return 4;
}

/* First and last character of each printable run, ascending; made by unicode_ranges.py. */
static const struct {
	uint32_t first, last;
} printable[] = {
#include "unicode_ranges.inc"
};

bool rune_printable(uint32_t r)
{
	size_t low = 0, high = sizeof(printable) / sizeof(printable[0]);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (r < printable[middle].first)
			high = middle;
		else if (r > printable[middle].last)
			low = middle + 1;
		else
			return true;
	}
	return false;
}
