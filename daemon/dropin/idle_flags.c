#include "idle_flags.h"

#include <string.h>
#include <strings.h>

#define NO_STATSD "nothing is sent to statsd"
#define NO_SCANS "deadlines are exact here, nothing is scanned"
#define LOG_PREFIX "a line of the log begins with time, level and plugin"
#define NO_EFFECT "has no effect, as in the original"

#define ABSENT(name, key, type, harmless, text) { name, key, PLUQ__IDLE_ABSENT, PLUQ__FLAG_##type, harmless, text }
#define ALWAYS(name, key, type, text) { name, key, PLUQ__IDLE_ALWAYS, PLUQ__FLAG_##type, NULL, text }

const struct pluq__idle_flag pluq__idle_nsqd[] = {
	ALWAYS("verbose", NULL, BOOL, NO_EFFECT ": use --log-level"),
	ALWAYS("worker-id", NULL, BOOL, NO_EFFECT ": use --node-id"),
	ALWAYS("log-prefix", "log_prefix", STRING, LOG_PREFIX),
	ALWAYS("queue-scan-selection-count", "queue_scan_selection_count", INT, NO_SCANS),
	ALWAYS("queue-scan-worker-pool-max", "queue_scan_worker_pool_max", INT, NO_SCANS),

	ABSENT("statsd-address", "statsd_address", STRING, "", NO_STATSD),
	ABSENT("statsd-exclude-ephemeral", "statsd_exclude_ephemeral", BOOL, NULL, NO_STATSD),
	ABSENT("statsd-interval", "statsd_interval", DURATION, NULL, NO_STATSD),
	ABSENT("statsd-mem-stats", "statsd_mem_stats", BOOL, NULL, NO_STATSD),
	ABSENT("statsd-prefix", "statsd_prefix", STRING, NULL, NO_STATSD),
	ABSENT("statsd-udp-packet-size", "statsd_udp_packet_size", INT, NULL, NO_STATSD),
	{ .name = NULL },
};

const struct pluq__idle_flag pluq__idle_lookupd[] = {
	ALWAYS("verbose", NULL, BOOL, NO_EFFECT ": use --log-level"),
	ALWAYS("log-prefix", "log_prefix", STRING, LOG_PREFIX),
	{ .name = NULL },
};

bool pluq__idle_is_harmless(const struct pluq__idle_flag *idle, const char *text, size_t list_count)
{
	if (!text)
		return list_count == 0;
	return idle->harmless && strcasecmp(text, idle->harmless) == 0;
}
