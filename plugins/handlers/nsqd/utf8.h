/* UTF-8 as Go reads it, and Go's notion of a printable character. */
#ifndef NSQD_UTF8_H
#define NSQD_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4
#define UTF8_REPLACEMENT 0xfffd

/* Reads one character of at[0 .. length-1], length > 0. Returns its length in bytes, or 0 if the first byte begins no
 * valid character (surrogates and overlong forms are not valid); that byte stands alone then. */
size_t utf8_get(const uint8_t *at, size_t length, uint32_t *rune);
/* Writes up to UTF8_MAX bytes; returns how many. */
size_t utf8_put(char *to, uint32_t rune);

/* Letters, marks, numbers, punctuation, symbols, and the ASCII space. */
bool rune_printable(uint32_t rune);

#endif
