/* Text as a Go string literal, as error texts show names. */
#ifndef NSQD_QUOTE_H
#define NSQD_QUOTE_H

#include "text.h"

void text_quote(struct text *, const void *bytes, size_t n);

#endif
