/* RFC 3339's dates and times, and the durations of its appendix. */
#ifndef SCHEMA_FORMAT_TIME_H
#define SCHEMA_FORMAT_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool format_date_time(const uint8_t *text, size_t length);
bool format_date(const uint8_t *text, size_t length);
bool format_time(const uint8_t *text, size_t length);
bool format_duration(const uint8_t *text, size_t length);

#endif
