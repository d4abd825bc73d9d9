/* Private to the daemon. What happens past the daemon-wide memory limit: see DESIGN "Pressure" in docs/architecture.md. */
#ifndef PLUQ__PRESSURE_H
#define PLUQ__PRESSURE_H

#include "home.h"

/* Loop. Spilling has not been enough: connections that only publish should not be read. */
bool pluq__pressed(struct pluq__home *);
/* Loop. Nothing has drained for too long: publishes are refused. */
bool pluq__refusing(struct pluq__home *);
/* Loop. fn(arg) comes once when either has ended or begun. PLUQ_ENOMEM. */
int pluq__on_relief(struct pluq__home *, pluq_post_fn fn, void *arg);
void pluq__pressure_free(struct pluq__home *);

#endif
