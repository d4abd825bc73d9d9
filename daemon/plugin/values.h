/* Private to the daemon. Texts of numbers, durations and sizes, both ways. */
#ifndef PLUQ__VALUES_H
#define PLUQ__VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* false: the text is none, or does not fit. */
bool pluq__parse_bool(const char *text, bool *out);        /* true false yes no on off 1 0, any case */
bool pluq__parse_int(const char *text, int64_t *out);      /* decimal or 0x, with sign */
bool pluq__parse_duration(const char *text, int64_t *out); /* "1h2m3.5s", ns; a bare number is milliseconds */
bool pluq__parse_size(const char *text, int64_t *out);     /* "64KiB", "1.5GB"; a bare number is bytes */
bool pluq__parse_float(const char *text, double *out);     /* finite */
/* Index of the word in "one|two|three", any case. */
bool pluq__parse_word(const char *text, const char *words, int64_t *out);
bool pluq__word_at(const char *words, int64_t index, char *buffer, size_t size);

/* In the largest units that lose nothing: "1m30s", "250ms"; "64KiB". Return the buffer. */
const char *pluq__print_duration(int64_t ns, char *buffer, size_t size);
const char *pluq__print_size(int64_t bytes, char *buffer, size_t size);

#endif
