/* Times as Go prints them. */
#ifndef NSQD_DURATIONS_H
#define NSQD_DURATIONS_H

#include "text.h"

/* 1h2m3.5s, 1.5ms, 0s */
void text_duration(struct text *, int64_t ns);
/* RFC 3339 in the local zone, seconds. */
void text_time(struct text *, int64_t unix_seconds);

#endif
