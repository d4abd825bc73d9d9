/* <pluq/broker.h>: the queue engine, as a handler drives it.
 *
 * A topic and all its channels live on one loop, their home. Any loop may publish to any topic; a subscription is made
 * and used on the home of its topic only (move the connection there first). The handler owns framing, the engine
 * owns queues, credit, messages in flight and their deadlines.
 *
 * Names (of topics and channels) are checked by the handler: 1 .. 64 bytes. A name that ends in "#ephemeral" is
 * ephemeral: nothing of it reaches storage, and it goes when its last consumer (channel) or channel (topic) goes.
 */
#ifndef PLUQ_BROKER_H
#define PLUQ_BROKER_H

#include <pluq/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PLUQ_NAME_MAX 64

struct pluq_histogram; /* <pluq/metrics.h> */
struct pluq_topic; /* counted reference to a topic; may be held on any loop, and outlives the topic's deletion */
struct pluq_msg;   /* a message whose body is counted */
struct pluq_sub;   /* a subscription */

/* Borrowed by the engine for its life. */
struct pluq_limits {
	uint32_t size;
	uint32_t node_id;             /* 0 .. 1023, part of message ids */
	int64_t mem_queue_size;       /* messages in memory per topic and per channel; 0: all through storage */
	int64_t max_msg_timeout_ns;   /* longest life of one delivery under touch */
	int64_t max_channel_consumers; /* 0: no limit */
	bool requeue_on_disconnect;   /* what a closed subscription had in flight: requeue at once, or wait for its deadline */
	/* Latencies from publish to finish of the recent past, at these quantiles (above 0, up to 1). None: they are not kept. */
	const double *e2e_percentiles;
	size_t e2e_percentile_count;
	int64_t e2e_window_ns;        /* above 0: what is older is not counted any more, at latest */
};

/* One message of a publish. With msg NULL the bytes are borrowed for the call; else the message's own body is meant, and
 * the message is taken if the call returns 0 or PLUQ_ELATER. */
struct pluq_body {
	const uint8_t *bytes;
	struct pluq_msg *msg;
	uint32_t length;
	uint32_t reserved;
};

/* One message for a consumer; borrowed for the call (hold `msg` by msg_ref to keep the body). */
struct pluq_delivery {
	const uint8_t *body;
	struct pluq_msg *msg;
	const uint8_t *id; /* 16 bytes */
	int64_t timestamp_ns;
	uint32_t length;
	uint16_t attempts; /* this delivery included */
	uint16_t reserved;
};

struct pluq_sub_ops {
	uint32_t size;
	/* Home loop. Takes deliveries[0 .. k-1] and returns k <= n; those count as sent. n never exceeds the free credit. A
	 * consumer that took fewer is not asked again until sub_unblock. */
	size_t (*on_deliver)(void *arg, const struct pluq_delivery *deliveries, size_t n);
	/* Home loop. The channel was deleted or the daemon stops: the subscription is over and its handle dead after
	 * this call; close the connection. */
	void (*on_end)(void *arg);
};

struct pluq_sub_params {
	uint32_t size;
	int32_t sample_rate;       /* 0: all; r: keep (r+1) of 100 */
	int64_t msg_timeout_ns;    /* from delivery to redelivery */
	int64_t touch_timeout_ns;  /* what a touch gives */
};

struct pluq_sub_stats {
	int64_t ready, in_flight;
	uint64_t message_count, finish_count, requeue_count;
};

enum pluq_admin {
	PLUQ_TOPIC_DELETE = 1,
	PLUQ_TOPIC_EMPTY,
	PLUQ_TOPIC_PAUSE,
	PLUQ_TOPIC_UNPAUSE,
	PLUQ_CHANNEL_CREATE, /* the topic must exist */
	PLUQ_CHANNEL_DELETE,
	PLUQ_CHANNEL_EMPTY,
	PLUQ_CHANNEL_PAUSE,
	PLUQ_CHANNEL_UNPAUSE
};

/* Why a message was dropped. */
enum {
	PLUQ_DROP_FULL,    /* an ephemeral topic or channel had no room for it */
	PLUQ_DROP_SAMPLED, /* it was left out for a consumer with a sample rate */
	PLUQ_DROP_EMPTIED, /* by PLUQ_TOPIC_EMPTY or PLUQ_CHANNEL_EMPTY */
	PLUQ_DROP_REASONS
};

/* Deferred messages by what is left of their time: less than 1 s, 10 s, 1 min, 10 min, 1 h (each without those before); more. */
#define PLUQ_DUE_CLASSES 6

/* oldest_ns: UNIX time of a queue's oldest message. What is in storage since before the start has to be read first, which only a snapshot
 * for metrics has done: UNKNOWN until then. */
enum { PLUQ_OLDEST_NONE = 0, PLUQ_OLDEST_UNKNOWN = -1 };

struct pluq_channel_stats {
	const char *name;
	bool paused;
	int64_t depth, backend_depth, in_flight, deferred, consumers;
	uint64_t message_count, requeue_count, timeout_count;
	/* Delivered from memory, by what the consumer is to this node. Without topology-aware delivery all are global. */
	uint64_t zone_local_msg_count, region_local_msg_count, global_msg_count;

	uint64_t message_bytes;               /* of message_count */
	uint64_t delivered_count, delivered_bytes; /* handed to consumers, each time */
	uint64_t finish_count;
	int64_t oldest_ns;                    /* waiting or in flight, not deferred; PLUQ_OLDEST_* */
	uint64_t dropped[PLUQ_DROP_REASONS];
	const uint64_t *due;                  /* PLUQ_DUE_CLASSES of them; NULL: none was ever deferred */
	/* Of pluq_limits.e2e_percentiles, in ns, 0 without any; NULL if they are not kept. e2e_count: what they stand for. */
	const double *e2e;
	uint64_t e2e_count;
	const struct pluq_histogram *latency; /* from publish to finish, for metrics; NULL: none, or they did not ask */
};

struct pluq_topic_stats {
	const char *name;
	bool paused;
	int64_t depth, backend_depth;
	uint64_t message_count, message_bytes;
	const struct pluq_channel_stats *channels; /* sorted by name, bytewise */
	size_t channel_count, channel_stride;

	int64_t oldest_ns;          /* in the topic's own queue; PLUQ_OLDEST_* */
	uint64_t dropped[PLUQ_DROP_REASONS];
	const double *e2e;          /* of all its channels; NULL without channels, or if they are not kept */
	uint64_t e2e_count;
};

struct pluq_stats {
	const struct pluq_topic_stats *topics; /* sorted by name, bytewise */
	size_t topic_count, topic_stride;
};

struct pluq_health {
	bool storage_ok; /* the last write to any queue, or of the metadata, succeeded */
	bool draining;   /* the daemon is stopping */
	struct pluq_why why; /* of the storage error seen last; empty if storage_ok and nothing is retried */
	uint64_t retrying;   /* queues (the metadata is one) whose last operation failed and is tried again */
};

/* status 0 or PLUQ_E*; why->text may be empty; topic: a reference for the callee to drop, NULL unless status is 0. */
typedef void (*pluq_topic_fn)(void *arg, int status, struct pluq_topic *topic);
typedef void (*pluq_done_fn)(void *arg, int status, const struct pluq_why *why);
typedef void (*pluq_stats_fn)(void *arg, int status, struct pluq_stats *stats);

enum pluq_change { PLUQ_TOPIC_MADE = 1, PLUQ_TOPIC_GONE, PLUQ_CHANNEL_MADE, PLUQ_CHANNEL_GONE };

/* channel: NULL for the topic itself. Names are terminated and borrowed for the call. */
typedef void (*pluq_watch_fn)(void *arg, enum pluq_change, const char *topic, const char *channel);

struct pluq_gate; /* of a new topic, shut */
typedef void (*pluq_gate_fn)(void *arg, const char *topic, struct pluq_gate *);

struct pluq_broker {
	uint32_t size;

	/* init only, at most one handler of a daemon: this process has queues. PLUQ_EBUSY. */
	int (*use)(const struct pluq_host *, const struct pluq_limits *limits);

	/* Loop. Finds a topic, or creates it. 0: *out is a reference. PLUQ_ELATER: fn comes on this loop.
	 * create false: PLUQ_ENOTOPIC. PLUQ_EEXITING, PLUQ_ENOMEM. */
	int (*topic_get)(const struct pluq_host *, const char *name, size_t length, bool create, struct pluq_topic **out,
	    pluq_topic_fn fn, void *arg);
	/* Any loop. */
	struct pluq_topic *(*topic_ref)(struct pluq_topic *);
	void (*topic_unref)(struct pluq_topic *);
	uint32_t (*topic_home)(const struct pluq_topic *);
	const char *(*topic_name)(const struct pluq_topic *); /* terminated, lives as long as the reference */

	/* Loop. A message with room for `length` bytes of body, to be filled through msg_body and given to publish, or dropped
	 * by msg_unref. NULL: no memory. msg_ref, msg_unref: any thread. */
	struct pluq_msg *(*msg_new)(const struct pluq_host *, uint32_t length);
	uint8_t *(*msg_body)(struct pluq_msg *);
	void (*msg_ref)(struct pluq_msg *);
	void (*msg_unref)(struct pluq_msg *);

	/* Loop. Publishes n messages in order, each deferred by defer_ns (0: not). 0: accepted as promised. PLUQ_ELATER: done
	 * comes on this loop (never within the call). Refused, done does not come: PLUQ_ESTALE (the topic was deleted: get it
	 * again), PLUQ_EEXITING, PLUQ_EPRESSURE, PLUQ_EFULL, PLUQ_ENOMEM. The status of done may also be PLUQ_EIO, with the
	 * cause in why. A failed batch may have been accepted in part. */
	int (*publish)(const struct pluq_host *, struct pluq_topic *, const struct pluq_body *bodies, size_t n,
	    int64_t defer_ns, pluq_done_fn done, void *arg);

	/* Loop. The daemon holds more bytes than its limit and spilling has not helped: connections that only publish should
	 * not be read. on_relief: fn(arg) comes once on this loop when that has ended, or when nothing has drained for so
	 * long that publishes are refused instead (PLUQ_EPRESSURE). PLUQ_ENOMEM. */
	bool (*pressed)(const struct pluq_host *);
	int (*on_relief)(const struct pluq_host *, pluq_post_fn fn, void *arg);

	/* Home loop of the topic. Creates the channel if it is new. PLUQ_ESTALE (topic deleted meanwhile: get it again),
	 * PLUQ_ELIMIT (consumers), PLUQ_EEXITING, PLUQ_ENOMEM. Ready starts at 0. */
	int (*subscribe)(const struct pluq_host *, struct pluq_topic *, const char *channel, size_t length,
	    const struct pluq_sub_params *, const struct pluq_sub_ops *, void *arg, struct pluq_sub **out);
	/* The rest is used on the home loop, by the subscription's handle. Deliveries never come within these calls but at the
	 * end of the loop turn. */
	void (*sub_close)(struct pluq_sub *); /* no on_end follows; the handle is dead */
	void (*sub_ready)(struct pluq_sub *, int64_t count); /* window: messages that may be in flight */
	void (*sub_unblock)(struct pluq_sub *);
	/* PLUQ_ENOTINFLIGHT, PLUQ_ENOTOWNER. id: any 16 bytes. */
	int (*sub_finish)(struct pluq_sub *, const uint8_t *id);
	int (*sub_requeue)(struct pluq_sub *, const uint8_t *id, int64_t delay_ns); /* delay <= 0: at once */
	int (*sub_touch)(struct pluq_sub *, const uint8_t *id);
	void (*sub_stats)(const struct pluq_sub *, struct pluq_sub_stats *out); /* fills out->... */

	/* Loop. fn comes on this loop, never within the call: 0, PLUQ_ENOTOPIC, PLUQ_ENOCHANNEL, PLUQ_EIO, PLUQ_EEXITING.
	 * Returns 0 (fn will come) or PLUQ_ENOMEM. channel NULL for the topic operations. Pause, unpause and
	 * delete are answered after the metadata was saved. */
	int (*admin)(const struct pluq_host *, enum pluq_admin what, const char *topic, size_t topic_length,
	    const char *channel, size_t channel_length, pluq_done_fn fn, void *arg);

	/* Loop. A copy of the counters of every topic, or of the one named (topic not NULL; none if it does not exist).
	 * Returns 0 (fn will come on this loop) or PLUQ_ENOMEM. The snapshot is the callee's; stats_free: any thread. */
	int (*stats)(const struct pluq_host *, const char *topic, pluq_stats_fn fn, void *arg);
	void (*stats_free)(struct pluq_stats *);

	/* Any thread. */
	void (*health)(const struct pluq_host *, struct pluq_health *out);

	/* init only. fn comes on loop 0 for every topic and channel that is made or goes from the first turn of the loops on, ephemeral
	 * ones too; a topic before its channels, and when a topic goes its channels before it. Not for what the stop ends.
	 * PLUQ_ENOMEM. */
	int (*watch)(const struct pluq_host *, pluq_watch_fn fn, void *arg);
	/* Loop 0. Calls fn with PLUQ_TOPIC_MADE and PLUQ_CHANNEL_MADE for all there are now. */
	void (*each)(const struct pluq_host *, pluq_watch_fn fn, void *arg);

	/* init only, at most one handler of a daemon (PLUQ_EBUSY). A topic that is made while the daemon runs takes messages, but passes none
	 * on to its channels until its gate is opened, or for most_ns at the longest. fn comes on loop 0. */
	int (*gate)(const struct pluq_host *, int64_t most_ns, pluq_gate_fn fn, void *arg);
	/* Loop 0, exactly once per gate. Makes these channels (names as checked by the handler), then opens it; the handle is dead. If
	 * its time was up before, or the topic is gone, late channels are still made, and of a topic that is gone none. */
	void (*gate_open)(struct pluq_gate *, const char *const *channels, size_t n);
};

#ifdef __cplusplus
}
#endif
#endif
