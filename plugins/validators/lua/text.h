/* Texts from scripts and messages, made fit for people. */
#ifndef LUA_TEXT_H
#define LUA_TEXT_H

#include <stddef.h>

/* Any thread. Bytes of the character of UTF-8 that begins at s, before end (s < end): 1 to 4; 0: there is none. No surrogates, nothing
 * overlong, nothing above U+10FFFF. */
size_t text_character(const char *s, const char *end);

/* Any thread. Copies into `room` bytes (at least 1), terminated; cut between two characters; control characters, line breaks and
 * bytes that are no UTF-8 become '?'. */
void text_clean(char *out, size_t room, const char *s, size_t length);

#endif
