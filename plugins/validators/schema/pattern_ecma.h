/* From ECMA-262 to PCRE2. */
#ifndef SCHEMA_PATTERN_ECMA_H
#define SCHEMA_PATTERN_ECMA_H

#include <stddef.h>
#include <stdint.h>

/* Heap. NULL: why says what only PCRE2 has, or what cannot be said to it. repeats: the most times that something must stand in a row. */
uint8_t *pattern_translate(const uint8_t *text, size_t length, size_t *out_length, uint32_t *repeats, char *why, size_t room);

#endif
