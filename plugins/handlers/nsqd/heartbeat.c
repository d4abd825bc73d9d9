#include "heartbeat.h"

#include "conn.h"

/* The moment after which the client's silence ends the connection; INT64_MAX: never, or not while it is not read. */
static int64_t read_deadline(const struct conn *c)
{
	if (!c->magic)
		return c->magic_by;
	if (c->interval <= 0 || c->paused)
		return INT64_MAX;
	return c->waiting_since + 2 * c->interval;
}

void heartbeat_arm(struct conn *c)
{
	int64_t at = read_deadline(c);

	if (!c->timer) /* there was no memory for one: the connection is being closed */
		return;
	if (c->wanted) { /* an upgrade has a deadline of its own, and its dialogue is not to be disturbed */
		c->nsqd->host->timer_clear(c->timer);
		return;
	}
	if (c->magic && c->cadence > 0 && c->heartbeat_at < at)
		at = c->heartbeat_at;
	if (at < INT64_MAX)
		c->nsqd->host->timer_set(c->timer, at);
	else
		c->nsqd->host->timer_clear(c->timer);
}

void heartbeat_restart(struct conn *c)
{
	c->heartbeat_at = c->nsqd->host->now_ns(c->nsqd->host) + c->cadence;
	heartbeat_arm(c);
}

static void beat(struct conn *c, int64_t now)
{
	static const char text[] = "_heartbeat_";

	frame_write(c, FRAME_RESPONSE, text, sizeof(text) - 1);
	while (c->heartbeat_at <= now)
		c->heartbeat_at += c->cadence;
	answers_trim(&c->answers);
}

/* pluq_timer_fn. Commands do not move the timer: it finds out here whether the deadline is still the one it was set
 * for. */
static void on_timer(void *arg)
{
	struct conn *c = arg;
	int64_t now = c->nsqd->host->now_ns(c->nsqd->host);

	if (c->ending)
		return;
	if (c->magic && c->cadence > 0 && now >= c->heartbeat_at)
		beat(c, now);
	if (now >= read_deadline(c)) {
		if (!answers_open(&c->answers)) {
			conn_settle(c, conn_body_failed(c));
			return;
		}
		c->waiting_since = now; /* it may be silent because it waits for an answer */
	}
	heartbeat_arm(c);
}

int heartbeat_open(struct conn *c)
{
	c->timer = c->nsqd->host->timer_new(c->nsqd->host, on_timer, c);
	if (!c->timer)
		return -1;
	heartbeat_arm(c);
	return 0;
}

void heartbeat_close(struct conn *c)
{
	c->nsqd->host->timer_free(&c->timer);
}
