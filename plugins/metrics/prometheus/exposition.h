#ifndef PROMETHEUS_EXPOSITION_H
#define PROMETHEUS_EXPOSITION_H

#include "families.h"
#include "out.h"

/* Writes all of it: the text format 0.0.4, or OpenMetrics 1.0. Trouble is the out's. */
void exposition_write(struct out *, const struct families *, bool openmetrics);

#define EXPOSITION_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define EXPOSITION_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

#endif
