#include "relief.h"

#include "conn.h"

/* pluq_post_fn. */
static void on_relief(void *arg)
{
	struct nsqd_loop *loop = arg;

	loop->relief_asked = false;
	while (!link_alone(&loop->pressed)) {
		struct link *first = loop->pressed.next;
		struct conn *c = (struct conn *)((char *)first - offsetof(struct conn, pressed));
		link_remove(first);
		conn_resume(c, PAUSE_RELIEF);
	}
}

void relief_wait(struct conn *c)
{
	const struct pluq_broker *broker = c->nsqd->broker;
	struct nsqd_loop *loop = &c->nsqd->loops[c->loop];

	if (c->state != STATE_INIT || !broker->pressed(c->nsqd->host))
		return;
	if (!loop->relief_asked) {
		if (broker->on_relief(c->nsqd->host, on_relief, loop) < 0)
			return;
		loop->relief_asked = true;
	}
	if (link_alone(&c->pressed)) {
		link_append(&loop->pressed, &c->pressed);
		conn_pause(c, PAUSE_RELIEF);
	}
}
