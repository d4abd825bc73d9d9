#include "net.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../base/host.h"
#include "conn.h"
#include "http.h"
#include "lookup.h"
#include "scratch.h"
#include "tls.h"

static int listen_op(const struct pluq_host *h, const struct pluq_listen *params, struct pluq_listener **out,
    struct pluq_why *why)
{
	assert(pluq__host(h)->in_init);
	int error = pluq__listener_new(pluq__host(h)->net, params, false, out, why);
	if (error)
		return error;
	(*out)->instance = h->instance;
	(*out)->spent = pluq__host(h)->spent;
	return 0;
}

static int connect_op(const struct pluq_host *h, const struct pluq_connect *params, struct pluq_conn **out,
    struct pluq_why *why)
{
	int error = pluq__dial(pluq__host(h)->net, params, out, why);
	if (error == 0)
		(*out)->spent = pluq__host(h)->spent;
	return error;
}

static int tls_new(const struct pluq_host *h, const struct pluq_tls_params *params, struct pluq_tls **out, struct pluq_why *why)
{
	return pluq__tls_new(pluq__host(h)->net, params, out, why);
}

static int32_t listener_port(const struct pluq_listener *l)
{
	return l->port;
}

static void conn_set_user(struct pluq_conn *c, void *user)
{
	c->user = user;
}

static const char *conn_remote(const struct pluq_conn *c)
{
	return c->remote;
}

static size_t conn_pending(const struct pluq_conn *c)
{
	return pluq__conn_unsent(c);
}

static void conn_set_output_limit(struct pluq_conn *c, size_t bytes)
{
	c->output_limit = bytes;
}

static void conn_set_write_timeout(struct pluq_conn *c, int64_t ns)
{
	c->write_timeout_ns = ns;
	if (c->writing)
		pluq__conn_arm_write_timeout(c);
}

static void conn_move(struct pluq_conn *c, uint32_t loop)
{
	assert(loop < (uint32_t)c->at->net->loops->count);
	c->move_to = (int)loop;
}

static void conn_hold(struct pluq_conn *c)
{
	c->held = true;
}

const struct pluq_net pluq__net_table = {
	.size = sizeof pluq__net_table,
	.listen = listen_op,
	.listener_port = listener_port,
	.conn_set_user = conn_set_user,
	.conn_remote = conn_remote,
	.conn_reserve = pluq__conn_reserve,
	.conn_commit = pluq__conn_commit,
	.conn_attach = pluq__conn_attach,
	.conn_pending = conn_pending,
	.conn_set_output_limit = conn_set_output_limit,
	.conn_set_write_timeout = conn_set_write_timeout,
	.conn_read_into = pluq__conn_read_into,
	.conn_pause = pluq__conn_pause,
	.conn_resume = pluq__conn_resume,
	.conn_move = conn_move,
	.conn_hold = conn_hold,
	.conn_close = pluq__conn_close,
	.connect = connect_op,
	.conn_set_peer_timeout = pluq__io_set_peer_timeout,
	.tls_new = tls_new,
	.tls_change = pluq__tls_change,
	.conn_tls = pluq__conn_tls,
	.conn_upgrade = pluq__conn_upgrade,
	.tls_check = pluq__tls_check,
};

static void on_stop_reading(struct pluq__mail *m)
{
	struct pluq__net_loop *at = (struct pluq__net_loop *)((char *)m - offsetof(struct pluq__net_loop, stop_mail));
	at->reading_stopped = true;
	for (struct pluq_conn *c = at->conns; c; c = c->next) {
		if (c->state <= PLUQ__CONN_UPGRADING)
			pluq__conn_stop(c); /* it would get no answer */
		else
			pluq__conn_pause(c); /* nobody resumes it */
	}
	if (atomic_fetch_sub(&at->net->reading_loops, 1) == 1)
		pluq__loop_post(&at->net->loops->loop[0], &at->net->none_reads);
}

static void on_none_reads(struct pluq__mail *m)
{
	struct pluq__net *net = (struct pluq__net *)((char *)m - offsetof(struct pluq__net, none_reads));
	net->unread_fn(net->unread_arg);
}

static void on_close_all(struct pluq__mail *m)
{
	struct pluq__net_loop *at = (struct pluq__net_loop *)((char *)m - offsetof(struct pluq__net_loop, close_mail));
	at->closing = true;
	for (struct pluq_conn *c = at->conns; c; c = c->next)
		pluq__conn_stop(c);
}

static void on_none_left(struct pluq__mail *m)
{
	struct pluq__net *net = (struct pluq__net *)((char *)m - offsetof(struct pluq__net, none_left));
	net->closed_fn(net->closed_arg);
}

static int make_loop(struct pluq__net *net, int i)
{
	struct pluq__net_loop *at = &net->per_loop[i];
	at->net = net;
	at->loop = &net->loops->loop[i];
	at->stop_mail.fn = on_stop_reading;
	at->close_mail.fn = on_close_all;
	at->shake.fn = pluq__upgrades_run;
	at->buffer = malloc(PLUQ__RECEIVE_BUFFER);
	if (!at->buffer)
		return PLUQ_ENOMEM;
	at->loop->net = at;
	return 0;
}

int pluq__net_new(struct pluq__net **out, struct pluq__loops *loops, struct pluq__lane *lane, int64_t max_connections)
{
	struct pluq__net *net = calloc(1, sizeof *net);
	if (!net)
		return PLUQ_ENOMEM;
	net->loops = loops;
	net->lane = lane;
	net->max_connections = max_connections;
	net->spare_fd = -1;
	net->none_reads.fn = on_none_reads;
	net->none_left.fn = on_none_left;
	net->per_loop = calloc((size_t)loops->count, sizeof *net->per_loop);
	int error = net->per_loop ? 0 : PLUQ_ENOMEM;
	for (int i = 0; i < loops->count && error == 0; i++)
		error = make_loop(net, i);
	if (error) {
		pluq__net_free(&net);
		return error;
	}
	*out = net;
	return 0;
}

int pluq__net_give(struct pluq__net *net, uid_t user, gid_t group, struct pluq_why *why)
{
	int error = 0;
	for (const struct pluq_listener *l = net->listeners; l && error == 0; l = l->next)
		error = pluq__listener_give(l, user, group, why);
	return error;
}

int pluq__net_start(struct pluq__net *net, struct pluq_why *why)
{
	return pluq__accept_start(net, why);
}

void pluq__net_stop_accepting(struct pluq__net *net)
{
	pluq__accept_stop(net);
}

void pluq__net_stop_reading(struct pluq__net *net, void (*fn)(void *arg), void *arg)
{
	net->unread_fn = fn;
	net->unread_arg = arg;
	atomic_store(&net->reading_loops, net->loops->count);
	for (int i = 0; i < net->loops->count; i++)
		pluq__loop_post(net->per_loop[i].loop, &net->per_loop[i].stop_mail);
}

void pluq__net_close_all(struct pluq__net *net, void (*fn)(void *arg), void *arg)
{
	net->closed_fn = fn;
	net->closed_arg = arg;
	for (int i = 0; i < net->loops->count; i++)
		pluq__loop_post(net->per_loop[i].loop, &net->per_loop[i].close_mail);
	/* One too many is counted while the flag goes up, so that we or the last connection see zero. */
	atomic_fetch_add(&net->live, 1);
	atomic_store(&net->closing, true);
	if (atomic_fetch_sub(&net->live, 1) == 1 && !atomic_flag_test_and_set(&net->told))
		pluq__loop_post(&net->loops->loop[0], &net->none_left);
}

void pluq__net_free(struct pluq__net **p)
{
	struct pluq__net *net = *p;
	if (!net)
		return;
	pluq__accept_stop(net); /* if it never came to serving */
	pluq__http_servers_free(&net->servers);
	free(net->extras);
	while (net->listeners) {
		struct pluq_listener *l = net->listeners;
		net->listeners = l->next;
		pluq__listener_free(&l);
	}
	pluq__tls_free_all(net);
	for (int i = 0; net->per_loop && i < net->loops->count; i++) {
		pluq__net_loop_free_chunks(&net->per_loop[i]);
		pluq__lookups_free(&net->per_loop[i]);
		pluq__scratch_free(&net->per_loop[i].scratch);
		free(net->per_loop[i].buffer);
		net->per_loop[i].loop->net = NULL;
	}
	free(net->per_loop);
	free(net);
	*p = NULL;
}

int64_t pluq__net_connections(const struct pluq__net *net)
{
	return atomic_load_explicit(&net->live, memory_order_relaxed);
}

void pluq__net_each_listener(const struct pluq__net *net, void (*fn)(void *, const struct pluq__listener_figures *), void *arg)
{
	for (const struct pluq_listener *l = net->listeners; l; l = l->next)
		fn(arg, &(struct pluq__listener_figures){.instance = l->instance, .what = l->what,
		    .live = atomic_load_explicit(&l->live, memory_order_relaxed),
		    .requesting = l->ops == &pluq__http_conn_ops ? l->requesting : -1, .accepted = l->accepted, .refused = l->refused});
}
