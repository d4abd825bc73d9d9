/* A layer is put in place: what is buffered goes out as before, then, for TLS, hands are shaken, then the layer stands.
 *
 * A handshake costs up to a millisecond of computing, a thousand times what a command costs. So its steps are not made when the
 * descriptor is ready, but from a queue of the loop, for so long per turn; established connections are served in between.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "conn.h"
#include "tls.h"

/* Of one turn, for all handshakes of the loop; the last step that begins within it may be longer. */
#define TURN_NS (1 * PLUQ__MS)
/* Until a handshake has ended, if nothing else is said. */
#define PATIENCE_NS (5 * PLUQ__SEC)
/* Input thrown away that came before the layer. */
#define JUNK_MAX (1024 * 1024)

struct pluq__upgrade {
	struct pluq__upgrade *next, *prev; /* in the loop's queue, if `waits` */
	struct pluq_conn *conn;
	struct pluq_tls *tls;
	struct pluq__tls_layer *layer; /* in the making */
	char *name;          /* of the server; NULL: that is us, or no TLS */
	void *arg;           /* of on_open, if `opening` */
	int64_t deadline_ns; /* INT64_MAX: ours */
	int64_t timeout_ns;
	uint32_t what;
	int32_t level;
	bool opening; /* the connection begins with it */
	bool shaking; /* TLS: all that was to go out before it has gone */
	bool waits;   /* for its step */
	struct pluq_why why;
};

/* ---- the queue ---- */

static void enqueue(struct pluq__upgrade *u)
{
	struct pluq__net_loop *at = u->conn->at;
	if (u->waits)
		return;
	u->waits = true;
	u->next = NULL;
	u->prev = at->shaking_last;
	if (u->prev)
		u->prev->next = u;
	else
		at->shaking = u;
	at->shaking_last = u;
	pluq__loop_turn(at->loop, PLUQ__TURN_FLUSH, &at->shake);
}

static void dequeue(struct pluq__upgrade *u)
{
	struct pluq__net_loop *at = u->conn->at;
	if (!u->waits)
		return;
	u->waits = false;
	if (u->next)
		u->next->prev = u->prev;
	else
		at->shaking_last = u->prev;
	if (u->prev)
		u->prev->next = u->next;
	else
		at->shaking = u->next;
}

/* ---- the end of it ---- */

static void drop_layer(struct pluq__upgrade *u)
{
	if (u->layer)
		u->layer->layer.ops->free(&u->layer->layer);
	u->layer = NULL;
}

void pluq__upgrade_leave(struct pluq_conn *c)
{
	dequeue(c->upgrade);
	drop_layer(c->upgrade);
}

void pluq__upgrade_free(struct pluq_conn *c)
{
	if (!c->upgrade)
		return;
	pluq__upgrade_leave(c);
	free(c->upgrade->name);
	free(c->upgrade);
	c->upgrade = NULL;
}

/* Nothing watches over the connection any more. */
static void stand_still(struct pluq_conn *c)
{
	pluq__conn_read_off(c);
	pluq__conn_write_off(c);
	pluq__loop_clear(c->at->loop, &c->timer);
}

static void reopen(struct pluq_conn *c)
{
	c->state = PLUQ__CONN_OPEN;
	if (c->drained)
		pluq__conn_wake(c);
}

static void complain(struct pluq_conn *c, const struct pluq_why *why)
{
	uint64_t hidden;
	if (!pluq__complaint_raise(&c->at->tls_complaint, pluq__conn_now(c), &hidden))
		return;
	if (hidden > 0)
		pluq__log(PLUQ_WARN, "net", "TLS handshake with %s failed: %s (%" PRIu64 " more failed since the last line)", c->remote,
		    why->text, hidden);
	else
		pluq__log(PLUQ_WARN, "net", "TLS handshake with %s failed: %s", c->remote, why->text);
}

/* The handler may say its last words, in the clear. */
static void tell_failure(struct pluq_conn *c, int status)
{
	struct pluq_why why = c->upgrade->why;
	pluq__upgrade_free(c);
	reopen(c);
	c->paused++; /* nobody resumes it */
	c->deaf = true;
	c->ops->on_upgraded(c, c->user, status, &why);
}

/* u->why tells. */
static void fail(struct pluq_conn *c, int status, bool linger)
{
	struct pluq__upgrade *u = c->upgrade;
	stand_still(c);
	if (u->what == PLUQ_UPGRADE_TLS)
		complain(c, &u->why);
	pluq__upgrade_leave(c);
	if (!u->opening) {
		tell_failure(c, status);
		return;
	}
	pluq__conn_fail(c, u->why.text);
	c->linger = linger; /* for the alert to arrive */
}

static void fail_for(struct pluq_conn *c, int status, const char *why)
{
	snprintf(c->upgrade->why.text, sizeof c->upgrade->why.text, "%s", why);
	fail(c, status, false);
}

/* The layer stands. */
static void succeed(struct pluq_conn *c, struct pluq__layer *layer)
{
	bool opening = c->upgrade->opening;
	void *arg = c->upgrade->arg;
	stand_still(c);
	pluq__upgrade_free(c);
	layer->below = c->layer;
	c->layer = layer;
	if (opening) {
		pluq__conn_open(c, arg);
		return;
	}
	reopen(c);
	c->ops->on_upgraded(c, c->user, 0, &(struct pluq_why){""});
	pluq__conn_begin_reading(c);
}

void pluq__upgrade_on_timer(struct pluq_conn *c)
{
	fail_for(c, PLUQ_ELIMIT, c->pending > 0 ? "the peer does not read" : "it has taken too long");
}

/* ---- a handshake ---- */

static void made(struct pluq_conn *c)
{
	struct pluq__tls_layer *t = c->upgrade->layer;
	if (pluq__complaint_calm(&c->at->tls_complaint, pluq__conn_now(c)))
		pluq__log(PLUQ_INFO, "net", "TLS handshakes succeed again");
	c->upgrade->layer = NULL;
	succeed(c, &t->layer);
}

static void step(struct pluq_conn *c)
{
	struct pluq__upgrade *u = c->upgrade;
	if (!u->layer && !(u->layer = pluq__tls_layer_new(u->tls, c, u->name))) {
		fail_for(c, PLUQ_ENOMEM, "out of memory");
		return;
	}
	switch (pluq__tls_handshake(u->layer, &u->why)) {
	case PLUQ__TLS_DONE:
		made(c);
		break;
	case PLUQ__TLS_READ:
		pluq__conn_write_off(c);
		if (!pluq__conn_read_on(c))
			fail_for(c, PLUQ_ENOMEM, "out of memory");
		break;
	case PLUQ__TLS_WRITE:
		pluq__conn_write_on(c);
		break;
	case PLUQ__TLS_FAILED:
		fail(c, PLUQ_ETLS, true);
		break;
	}
}

/* The fn of `shake`. At the beginning of a turn's end what has been answered goes out first. */
void pluq__upgrades_run(struct pluq__turn *t)
{
	struct pluq__net_loop *at = (struct pluq__net_loop *)((char *)t - offsetof(struct pluq__net_loop, shake));
	int64_t begun_ns, now_ns;
	if (at->shake_turn != at->loop->turn) {
		at->shake_turn = at->loop->turn;
		at->shake_left_ns = TURN_NS;
		pluq__loop_turn(at->loop, PLUQ__TURN_FLUSH, t);
		return;
	}
	now_ns = pluq__clock_mono_ns();
	while (at->shaking && at->shake_left_ns > 0) {
		struct pluq__upgrade *u = at->shaking;
		begun_ns = now_ns;
		dequeue(u);
		step(u->conn);
		now_ns = pluq__clock_mono_ns();
		at->shake_left_ns -= now_ns - begun_ns;
	}
	if (at->shaking)
		pluq__loop_turn(at->loop, PLUQ__TURN_FLUSH, t);
}

bool pluq__upgrade_shaking(const struct pluq_conn *c)
{
	return c->upgrade->shaking;
}

/* Until its step is made nothing new is heard of the descriptor: it would be said again in every turn. */
void pluq__upgrade_ready(struct pluq_conn *c)
{
	pluq__conn_read_off(c);
	pluq__conn_write_off(c);
	enqueue(c->upgrade);
}

/* A client has the first word. */
static void begin_shaking(struct pluq_conn *c)
{
	struct pluq__upgrade *u = c->upgrade;
	u->shaking = true;
	if (u->name)
		enqueue(u);
	else if (!pluq__conn_read_on(c))
		fail_for(c, PLUQ_ENOMEM, "out of memory");
}

/* ---- the beginning ---- */

static struct pluq__layer *make_layer(const struct pluq__upgrade *u)
{
	return u->what == PLUQ_UPGRADE_SNAPPY ? pluq__snappy_layer_new() : pluq__deflate_layer_new(u->level);
}

void pluq__upgrade_sent(struct pluq_conn *c)
{
	if (c->upgrade->what == PLUQ_UPGRADE_TLS) {
		begin_shaking(c);
		return;
	}
	struct pluq__layer *layer = make_layer(c->upgrade);
	if (layer)
		succeed(c, layer);
	else
		fail_for(c, PLUQ_ENOMEM, "out of memory");
}

static void set_deadline(struct pluq_conn *c)
{
	struct pluq__upgrade *u = c->upgrade;
	int64_t now_ns = pluq__conn_now(c), wait_ns = u->timeout_ns > 0 ? u->timeout_ns : PATIENCE_NS;
	int64_t end_ns = wait_ns < INT64_MAX - now_ns ? now_ns + wait_ns : INT64_MAX;
	if (u->deadline_ns != INT64_MAX)
		end_ns = u->deadline_ns;
	if (!c->final)
		pluq__loop_set(c->at->loop, &c->timer, end_ns);
}

int pluq__upgrade_prepare(struct pluq_conn *c, struct pluq_tls *tls, void *arg, const char *name, int64_t deadline_ns)
{
	struct pluq__upgrade *u = calloc(1, sizeof *u);
	if (!u)
		return PLUQ_ENOMEM;
	*u = (struct pluq__upgrade){.conn = c, .tls = tls, .arg = arg, .deadline_ns = deadline_ns, .what = PLUQ_UPGRADE_TLS,
		.opening = true};
	if (name && !(u->name = strdup(name))) {
		free(u);
		return PLUQ_ENOMEM;
	}
	c->upgrade = u;
	return 0;
}

void pluq__upgrade_start(struct pluq_conn *c)
{
	c->state = PLUQ__CONN_UPGRADING;
	set_deadline(c);
	begin_shaking(c);
}

static bool is_possible(const struct pluq_conn *c, const struct pluq_upgrade *u)
{
	if (u->size < sizeof *u || c->state != PLUQ__CONN_OPEN || c->deaf || c->at->reading_stopped || c->upgrade || c->move_to >= 0 || c->in_body || c->eof ||
	    !c->ops->on_upgraded)
		return false;
	if (u->what == PLUQ_UPGRADE_TLS)
		return !c->layer && u->tls && !pluq__tls_is_client(u->tls);
	const struct pluq__tls_layer *tls = pluq__tls_layer_of(c); /* the only one that another may stand on */
	if (c->layer && (!tls || c->layer != &tls->layer))
		return false;
	return u->what == PLUQ_UPGRADE_SNAPPY || (u->what == PLUQ_UPGRADE_DEFLATE && u->level >= 1 && u->level <= 9);
}

/* As long as output waits the peer has not been told to begin: what has come by now is not meant for the layer. An end or an error is
 * found again later. */
void pluq__upgrade_drop_junk(struct pluq_conn *c)
{
	struct iovec iov = {.iov_base = c->at->buffer, .iov_len = PLUQ__RECEIVE_BUFFER};
	ssize_t got = 1;
	for (size_t total = 0; c->pending > 0 && got > 0 && total < JUNK_MAX; total += (size_t)got)
		if ((got = pluq__io_recv(c, &iov, 1)) < 0)
			break;
}

int pluq__conn_upgrade(struct pluq_conn *c, const struct pluq_upgrade *p)
{
	if (!is_possible(c, p))
		return PLUQ_EINVAL;
	struct pluq__upgrade *u = calloc(1, sizeof *u);
	if (!u)
		return PLUQ_ENOMEM;
	*u = (struct pluq__upgrade){.conn = c, .tls = p->tls, .deadline_ns = INT64_MAX, .timeout_ns = p->timeout_ns, .what = p->what,
		.level = p->level};
	c->upgrade = u;
	c->state = PLUQ__CONN_UPGRADING;
	set_deadline(c);
	pluq__loop_turn(c->at->loop, PLUQ__TURN_FLUSH, &c->flush);
	return 0;
}
