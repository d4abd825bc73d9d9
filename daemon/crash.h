/* Private to daemon/. */
#ifndef PLUQ__CRASH_H
#define PLUQ__CRASH_H

#include "plugin/loader.h"

/* Main. From now on a fatal signal names the versions of the daemon and its plugins on standard error before it kills. */
void pluq__crash_prepare(const struct pluq__plugins *);

#endif
