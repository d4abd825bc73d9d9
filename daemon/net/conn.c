#include "conn.h"

#include <stdlib.h>
#include <string.h>

#include "../base/log.h"
#include "../base/memory.h"

/* How long a closed connection waits for its peer to close too. */
#define LINGER_NS (1 * PLUQ__SEC)
/* How long the stop of the daemon waits for one connection. */
#define STOP_NS (1 * PLUQ__SEC)

static void tell_none_left(struct pluq__net *net)
{
	if (!atomic_flag_test_and_set(&net->told))
		pluq__loop_post(&net->loops->loop[0], &net->none_left);
}

static void link_conn(struct pluq_conn *c)
{
	c->prev = NULL;
	c->next = c->at->conns;
	if (c->next)
		c->next->prev = c;
	c->at->conns = c;
}

static void unlink_conn(struct pluq_conn *c)
{
	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else
		c->at->conns = c->next;
}

/* Nothing of the loop points to the connection afterwards. */
static void detach(struct pluq_conn *c)
{
	pluq__conn_read_off(c);
	pluq__conn_write_off(c);
	pluq__loop_clear(c->at->loop, &c->timer);
	pluq__loop_unturn(&c->work);
	pluq__loop_unturn(&c->flush);
	unlink_conn(c);
}

static void assign_events(struct pluq_conn *c)
{
	struct event_base *base = c->at->loop->events;
	event_assign(&c->readable, base, c->fd, EV_READ | EV_PERSIST, pluq__conn_on_readable, c);
	event_assign(&c->writable, base, c->fd, EV_WRITE | EV_PERSIST, pluq__conn_on_writable, c);
}

static void attach(struct pluq_conn *c)
{
	link_conn(c);
	assign_events(c);
	if (c->at->reading_stopped)
		c->paused++;
}

void pluq__conn_destroy(struct pluq_conn *c)
{
	struct pluq__net *net = c->at->net;
	detach(c);
	pluq__conn_drop_output(c);
	pluq__conn_drop_rest(c);
	pluq__upgrade_free(c);
	pluq__layers_free(&c->layer);
	pluq__io_close(c);
	if (c->client)
		atomic_fetch_sub(&net->clients, 1);
	if (c->from)
		atomic_fetch_sub_explicit(&c->from->live, 1, memory_order_relaxed);
	free(c);
	if (atomic_fetch_sub(&net->live, 1) == 1 && atomic_load(&net->closing))
		tell_none_left(net);
}

static void begin_lingering(struct pluq_conn *c)
{
	c->state = PLUQ__CONN_LINGERING;
	pluq__io_shutdown(c);
	if (!pluq__conn_read_on(c)) {
		pluq__conn_destroy(c);
		return;
	}
	if (!c->final)
		pluq__loop_set(c->at->loop, &c->timer, pluq__conn_now(c) + LINGER_NS);
}

static void bury(struct pluq_conn *c)
{
	pluq__conn_write_off(c);
	pluq__conn_drop_output(c);
	if (c->complete)
		pluq__layers_end(c->layer, c);
	if (!c->silent)
		c->ops->on_close(c, c->user, c->why);
	c->user = NULL;
	if (c->linger && !c->eof)
		begin_lingering(c);
	else
		pluq__conn_destroy(c);
}

/* The end of a turn in which something has happened that the handler must hear of. */
static void on_work(struct pluq__turn *t)
{
	struct pluq_conn *c = (struct pluq_conn *)((char *)t - offsetof(struct pluq_conn, work));
	if (c->state == PLUQ__CONN_OPEN && c->drained) {
		c->drained = false;
		if (c->ops->on_drained)
			c->ops->on_drained(c, c->user);
	}
	if (c->state == PLUQ__CONN_DIALING)
		pluq__dial_go_on(c);
	if (c->state == PLUQ__CONN_GONE) {
		bury(c);
		return;
	}
	if (c->look_again)
		pluq__conn_activate(c);
	if (c->offer)
		pluq__conn_go_on(c);
}

void pluq__conn_wake(struct pluq_conn *c)
{
	pluq__loop_turn(c->at->loop, PLUQ__TURN_WORK, &c->work);
}

static void gone(struct pluq_conn *c)
{
	if (c->dial)
		pluq__dial_end(c);
	if (c->upgrade)
		pluq__upgrade_leave(c);
	c->state = PLUQ__CONN_GONE;
	pluq__conn_drop_rest(c);
	pluq__conn_wake(c);
}

void pluq__conn_fail(struct pluq_conn *c, const char *why)
{
	if (c->state >= PLUQ__CONN_GONE)
		return;
	c->why = why;
	c->linger = false;
	gone(c);
}

void pluq__conn_fail_io(struct pluq_conn *c)
{
	pluq__conn_fail(c, errno ? pluq__io_cause(errno) : c->why);
}

void pluq__conn_flushed(struct pluq_conn *c)
{
	if (!pluq__layers_end(c->layer, c)) {
		pluq__conn_write_on(c);
		return;
	}
	c->complete = true;
	gone(c);
}

/* Closing a descriptor with unread input makes the kernel send a reset, and so does input that comes later; either may
 * overtake what the peer has not read yet. */
static bool should_linger(struct pluq_conn *c)
{
	if (c->eof)
		return false;
	if (pluq__conn_unsent(c) > 0 || pluq__io_unread(c))
		return true;
	return c->sent_ns > 0 && pluq__conn_now(c) - c->sent_ns < LINGER_NS && !c->at->closing;
}

/* In a handshake there is nothing that the handler has written. */
static bool has_nothing_to_flush(const struct pluq_conn *c)
{
	return c->state == PLUQ__CONN_DIALING || (c->state == PLUQ__CONN_UPGRADING && c->pending == 0);
}

void pluq__conn_close(struct pluq_conn *c, bool flush)
{
	if (!c->why)
		c->why = "closed";
	if (!flush || has_nothing_to_flush(c)) {
		c->complete = c->state == PLUQ__CONN_OPEN && pluq__conn_unsent(c) == 0;
		pluq__conn_fail(c, c->why);
		return;
	}
	if (c->state > PLUQ__CONN_OPEN)
		return;
	c->linger = should_linger(c);
	c->state = PLUQ__CONN_FLUSHING;
	pluq__conn_drop_rest(c);
	if (pluq__conn_unsent(c) == 0)
		pluq__conn_flushed(c);
	else if (c->writing)
		pluq__conn_arm_write_timeout(c);
	else
		pluq__loop_turn(c->at->loop, PLUQ__TURN_FLUSH, &c->flush);
}

/* pluq__timer_fn */
static void on_timer(struct pluq__timer *t)
{
	struct pluq_conn *c = (struct pluq_conn *)((char *)t - offsetof(struct pluq_conn, timer));
	if (c->state == PLUQ__CONN_LINGERING)
		pluq__conn_destroy(c);
	else if (c->state == PLUQ__CONN_DIALING)
		pluq__dial_on_timer(c);
	else if (c->state == PLUQ__CONN_UPGRADING && !c->final)
		pluq__upgrade_on_timer(c);
	else
		pluq__conn_fail(c, c->final ? "stopping" : "the peer does not read");
}

void pluq__conn_stop(struct pluq_conn *c)
{
	if (c->final)
		return;
	if (c->state <= PLUQ__CONN_OPEN) {
		c->why = "stopping";
		pluq__conn_close(c, true);
	}
	if (c->state != PLUQ__CONN_LINGERING) /* then its own timer is not later */
		pluq__loop_set(c->at->loop, &c->timer, pluq__conn_now(c) + STOP_NS);
	c->final = true;
}

struct pluq_conn *pluq__conn_new(struct pluq__net *net, const struct pluq_conn_ops *ops, void *arg)
{
	struct pluq_conn *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->ops = ops;
	c->user = arg;
	c->fd = -1;
	c->move_to = -1;
	c->work.fn = on_work;
	c->flush.fn = pluq__conn_on_flush;
	c->timer.fn = on_timer;
	atomic_fetch_add(&net->live, 1);
	return c;
}

struct pluq_conn *pluq__conn_accepted(struct pluq_listener *l, int fd, const struct sockaddr_storage *from)
{
	struct pluq_conn *c = pluq__conn_new(l->net, l->ops, l->arg);
	if (!c)
		return NULL;
	if (l->tls && pluq__upgrade_prepare(c, l->tls, l->arg, NULL, INT64_MAX)) {
		free(c);
		atomic_fetch_sub(&l->net->live, 1); /* not the last: the listener is open */
		return NULL;
	}
	c->state = PLUQ__CONN_OPEN;
	c->fd = fd;
	c->client = c->silent = true;
	c->max_rest = l->max_rest;
	c->output_limit = l->output_limit;
	pluq__addr_text(from, c->remote);
	c->from = l;
	c->spent = l->spent;
	l->accepted++;
	atomic_fetch_add_explicit(&l->live, 1, memory_order_relaxed);
	atomic_fetch_add(&l->net->clients, 1);
	return c;
}

void pluq__conn_begin_reading(struct pluq_conn *c)
{
	if (c->state != PLUQ__CONN_OPEN || c->paused)
		return;
	if (!pluq__conn_read_on(c))
		pluq__conn_fail(c, "out of memory");
	else if (c->layer)
		pluq__conn_look_again(c);
}

/* A handler that does not want an accepted connection hears no more of it. */
void pluq__conn_open(struct pluq_conn *c, void *arg)
{
	c->state = PLUQ__CONN_OPEN;
	c->silent = false;
	if (c->ops->on_open(arg, c) == 0) {
		pluq__conn_begin_reading(c);
		return;
	}
	c->silent = c->client;
	c->complete = c->layer != NULL;
	pluq__conn_fail(c, "not wanted any more");
}

/* The connection has come to its first loop. */
static void on_started(struct pluq__mail *m)
{
	struct pluq_conn *c = (struct pluq_conn *)((char *)m - offsetof(struct pluq_conn, mail));
	attach(c);
	if (c->at->closing || (c->upgrade && c->at->reading_stopped))
		pluq__conn_destroy(c);
	else if (c->upgrade)
		pluq__upgrade_start(c);
	else
		pluq__conn_open(c, c->user);
}

void pluq__conn_enlist(struct pluq_conn *c)
{
	link_conn(c);
}

void pluq__conn_connected(struct pluq_conn *c, int fd)
{
	c->fd = fd;
	assign_events(c);
}

void pluq__conn_start(struct pluq_conn *c, struct pluq__net_loop *at)
{
	c->at = at;
	c->mail.fn = on_started;
	if (at->loop == pluq__loop_self())
		on_started(&c->mail);
	else
		pluq__loop_post(at->loop, &c->mail);
}

/* The connection has come to another loop. */
static void on_arrived(struct pluq__mail *m)
{
	struct pluq_conn *c = (struct pluq_conn *)((char *)m - offsetof(struct pluq_conn, mail));
	attach(c);
	c->read_on_write = c->write_on_read = false; /* the layer is asked anew */
	if (c->ops->on_moved)
		c->ops->on_moved(c, c->user);
	if (c->at->closing)
		pluq__conn_stop(c);
	c->offer = true;
	pluq__conn_wake(c);
	if (pluq__conn_unsent(c) > 0)
		pluq__loop_turn(c->at->loop, PLUQ__TURN_FLUSH, &c->flush);
}

void pluq__conn_depart(struct pluq_conn *c)
{
	struct pluq__net *net = c->at->net;
	pluq__conn_release_sent(c);
	detach(c);
	c->at = &net->per_loop[c->move_to];
	c->move_to = -1;
	c->mail.fn = on_arrived;
	pluq__loop_post(c->at->loop, &c->mail);
}
