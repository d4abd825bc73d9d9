#include "frame.h"

#include <string.h>

#include "conn.h"
#include "metrics.h"

static const uint8_t ok_frame[] = {0, 0, 0, 6, 0, 0, 0, 0, 'O', 'K'};

/* OKs written by one reserve. Four KiB are an easy piece for the buffers below. */
#define OK_RUN 400

void frame_settle(struct conn *c)
{
	const struct pluq_net *net = c->nsqd->net;

	if (c->ended)
		c->owed = 0;
	while (c->owed > 0) {
		uint32_t run = c->owed < OK_RUN ? c->owed : OK_RUN;
		uint8_t *to = net->conn_reserve(c->net, run * sizeof(ok_frame));
		if (!to) {
			c->owed = 0;
			conn_abort(c);
			return;
		}
		for (uint32_t i = 0; i < run; i++)
			memcpy(to + i * sizeof(ok_frame), ok_frame, sizeof(ok_frame));
		net->conn_commit(c->net, run * sizeof(ok_frame));
		c->owed -= run;
	}
}

void frame_ok(struct conn *c)
{
	c->owed++;
	if (!c->in_data)
		frame_settle(c);
}

void frame_write(struct conn *c, enum frame_type type, const void *data, size_t n)
{
	if (c->ended)
		return;
	frame_settle(c);
	uint8_t *to = c->nsqd->net->conn_reserve(c->net, FRAME_HEAD + n);
	if (!to) {
		conn_abort(c);
		return;
	}
	put_be32(to, (uint32_t)(4 + n));
	put_be32(to + 4, type);
	memcpy(to + FRAME_HEAD, data, n);
	c->nsqd->net->conn_commit(c->net, FRAME_HEAD + n);
	if (type == FRAME_ERROR)
		metrics_error(c, data, n);
}
