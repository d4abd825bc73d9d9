#include "idle_flags.h"

#define NO_SCANS "deadlines are exact here, nothing is scanned"
#define LOG_PREFIX "a line of the log begins with time, level and plugin"
#define NO_EFFECT "has no effect, as in the original"

#define IDLE(name, key, type, text) { name, key, PLUQ__FLAG_##type, text }

const struct pluq__idle_flag pluq__idle_nsqd[] = {
	IDLE("verbose", NULL, BOOL, NO_EFFECT ": use --log-level"),
	IDLE("worker-id", NULL, BOOL, NO_EFFECT ": use --node-id"),
	IDLE("log-prefix", "log_prefix", STRING, LOG_PREFIX),
	IDLE("queue-scan-selection-count", "queue_scan_selection_count", INT, NO_SCANS),
	IDLE("queue-scan-worker-pool-max", "queue_scan_worker_pool_max", INT, NO_SCANS),
	{ .name = NULL },
};

const struct pluq__idle_flag pluq__idle_lookupd[] = {
	IDLE("verbose", NULL, BOOL, NO_EFFECT ": use --log-level"),
	IDLE("log-prefix", "log_prefix", STRING, LOG_PREFIX),
	{ .name = NULL },
};
