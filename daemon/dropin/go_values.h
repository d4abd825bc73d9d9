/* Private to the daemon. Values as the original's command line writes them, which is how Go's standard library reads them. */
#ifndef PLUQ__GO_VALUES_H
#define PLUQ__GO_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* false: the text is none, or does not fit; *out is then undefined. */
bool pluq__go_bool(const char *text, bool *out);        /* 1 t T true TRUE True 0 f F false FALSE False */
bool pluq__go_int(const char *text, int64_t *out);      /* sign; decimal, 0x, 0o or 0, 0b; '_' between digits */
bool pluq__go_decimal(const char *text, int64_t *out);  /* sign and decimal digits alone, as in a string of a file */
bool pluq__go_duration(const char *text, int64_t *out); /* ns; "1h2m3.5s"; a bare number only if it is 0 */

#endif
