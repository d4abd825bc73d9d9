/* Private to the daemon. May this plugin be used? */
#ifndef PLUQ__DESCRIPTOR_H
#define PLUQ__DESCRIPTOR_H

#include <pluq/plugin.h>

#include "../base/problem.h"

/* Checks what a plugin exports before anything of it is used: sizes, ABI, kind, texts, option table, operations. The
 * problem says in a clause what is wrong and what helps. */
int pluq__descriptor_check(const struct pluq_plugin *, struct pluq__problem *);

const char *pluq__kind_word(uint32_t kind); /* "storage"; NULL: no such kind */

#endif
