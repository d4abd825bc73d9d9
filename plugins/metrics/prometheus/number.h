#ifndef PROMETHEUS_NUMBER_H
#define PROMETHEUS_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define NUMBER_ROOM 40

/* Write at most NUMBER_ROOM bytes, none of them NUL, and return how many. The double is told so that it reads back as the same. */
size_t number_put_whole(char *to, uint64_t value);
size_t number_put(char *to, double value);

#endif
