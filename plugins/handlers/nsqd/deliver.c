#include "deliver.h"

#include <stdlib.h>
#include <string.h>

#include "conn.h"

/* Timestamp, attempts, id. */
#define MESSAGE_HEAD 26
/* Bodies from here on are sent by reference: below, copying is cheaper than another piece to write. */
#define ATTACH_MIN 4096

static inline uint8_t *put_head(uint8_t *to, const struct pluq_delivery *d)
{
	uint64_t timestamp = __builtin_bswap64((uint64_t)d->timestamp_ns);

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	timestamp = __builtin_bswap64(timestamp);
#endif
	put_be32(to, 4 + MESSAGE_HEAD + d->length);
	put_be32(to + 4, FRAME_MESSAGE);
	memcpy(to + 8, &timestamp, 8);
	to[16] = (uint8_t)(d->attempts >> 8);
	to[17] = (uint8_t)d->attempts;
	memcpy(to + 18, d->id, 16);
	return to + FRAME_HEAD + MESSAGE_HEAD;
}

/* How many of the deliveries, at least one, go into `space` bytes of buffer, the last of them beyond its end if need
 * be; all of them short. */
static size_t run_of(const struct pluq_delivery *d, size_t n, size_t space, size_t *bytes)
{
	size_t k = 0;

	*bytes = 0;
	while (k < n && *bytes < space && d[k].length < ATTACH_MIN)
		*bytes += FRAME_HEAD + MESSAGE_HEAD + d[k++].length;
	return k;
}

static bool send_short(struct conn *c, const struct pluq_delivery *d, size_t n, size_t bytes)
{
	uint8_t *to = c->nsqd->net->conn_reserve(c->net, bytes);

	if (!to)
		return false;
	for (size_t k = 0; k < n; k++) {
		to = put_head(to, &d[k]);
		memcpy(to, d[k].body, d[k].length);
		to += d[k].length;
	}
	c->nsqd->net->conn_commit(c->net, bytes);
	return true;
}

/* A body held by the output. */
struct held {
	const struct pluq_broker *broker;
	struct pluq_msg *msg;
};

static void release(void *arg)
{
	struct held *held = arg;

	held->broker->msg_unref(held->msg);
	free(held);
}

static bool send_long(struct conn *c, const struct pluq_delivery *d)
{
	struct held *held = malloc(sizeof(*held));
	uint8_t *to = held ? c->nsqd->net->conn_reserve(c->net, FRAME_HEAD + MESSAGE_HEAD) : NULL;

	if (!to) {
		free(held);
		return false;
	}
	put_head(to, d);
	c->nsqd->net->conn_commit(c->net, FRAME_HEAD + MESSAGE_HEAD);
	*held = (struct held){c->nsqd->broker, d->msg};
	held->broker->msg_ref(d->msg);
	if (c->nsqd->net->conn_attach(c->net, d->body, d->length, release, held) < 0) {
		release(held);
		return false;
	}
	return true;
}

/* pluq_sub_ops.on_deliver. Takes messages while unsent output is below the negotiated size; on_drained goes on. */
static size_t on_deliver(void *arg, const struct pluq_delivery *d, size_t n)
{
	struct conn *c = arg;
	size_t done = 0, bytes;

	if (c->ending)
		return 0;
	frame_settle(c);
	while (done < n) {
		size_t pending = c->nsqd->net->conn_pending(c->net);
		if (pending >= (size_t)c->output_size)
			break;
		size_t run = run_of(d + done, n - done, (size_t)c->output_size - pending, &bytes);
		bool sent = run ? send_short(c, d + done, run, bytes) : send_long(c, d + done);
		if (!sent) {
			conn_abort(c);
			break;
		}
		done += run ? run : 1;
	}
	return done;
}

/* pluq_sub_ops.on_end */
static void on_end(void *arg)
{
	struct conn *c = arg;

	c->sub = NULL;
	conn_end(c);
}

const struct pluq_sub_ops sub_ops = {.size = sizeof(sub_ops), .on_deliver = on_deliver, .on_end = on_end};
