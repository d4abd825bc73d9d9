#include "figures.h"

const char *const pluq__storage_operations[PLUQ__STORAGE_OPERATIONS] = {"open", "append", "fetch", "release", "sync", "empty", "close",
    "remove", "save"};

const char *const pluq__refusals[PLUQ__REFUSALS] = {"storage", "full", "pressure", "memory", "exiting"};
