/* The way up, and the end. */
#include <errno.h>
#include <pluq/handler.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "broker/broker.h"
#include "broker/watch.h"
#include "crash.h"
#include "daemon.h"
#include "fdlimit.h"
#include "net/net.h"
#include "notify.h"
#include "plugin/build_id.h"

/* Jobs at once: queues of a storage are independent of each other, and while one hangs it counts for a second; other plugins rarely
 * block. */
#define STORAGE_WIDTH 16
#define OTHER_WIDTH 2
/* Of an auth plugin, with the questions that hang: whoever can reach a listener can ask more of them. */
#define AUTH_THREADS 16
/* Names resolved at once. While the servers of so many hang, other names wait. */
#define RESOLVER_WIDTH 8
/* How long jobs that nobody waits for any more, such as a reload, are waited for at the end. */
#define POOL_WAIT_NS PLUQ__SEC

static int no_memory(struct pluq__problem *p)
{
	return pluq__problem(p, PLUQ_ENOMEM, "out of memory");
}

/* --- parts -------------------------------------------------------------------------------------------------------- */

static int make_parts(struct pluq__daemon *d, struct pluq__problem *p)
{
	const struct pluq__settings *s = pluq__setup_settings(d->setup);
	const struct pluq__auth_config auth = pluq__settings_auth(s);
	struct pluq__lane *resolver, *compiling, *metrics;
	struct pluq__measured measured;

	if (pluq__loops_init(&d->loops, pluq__settings_threads(s)))
		return pluq__problem(p, PLUQ_ENOMEM, "the event loops cannot be made: out of memory or descriptors");
	d->have_loops = true;
	if (pluq__pool_init(&d->pool, s->slow_operation_ns) ||
	    !(d->core_lane = pluq__pool_lane(d->pool, "core", 1)) ||
	    !(d->meta_lane = pluq__pool_lane(d->pool, "metadata", 1)) ||
	    !(resolver = pluq__pool_lane(d->pool, "resolver", RESOLVER_WIDTH)) ||
	    !(compiling = pluq__pool_lane(d->pool, "auth", 1)) || !(metrics = pluq__pool_lane(d->pool, "metrics", 1)))
		return no_memory(p);
	pluq__lane_limit(resolver, RESOLVER_WIDTH);
	if (pluq__net_new(&d->net, &d->loops, resolver, s->max_connections) || pluq__broker_new(&d->broker, &d->loops) ||
	    pluq__auth_new(&d->auth, &d->loops, compiling, s->slow_operation_ns, &auth) ||
	    pluq__validate_new(&d->validate, &d->loops, s->slow_operation_ns))
		return no_memory(p);
	measured = (struct pluq__measured){ .loops = &d->loops, .pool = d->pool, .net = d->net, .broker = d->broker,
		.auth = d->auth, .start_real_ns = pluq__clock_real_ns() };
	if (pluq__metrics_new(&d->metrics, &measured, metrics))
		return no_memory(p);
	d->process = (struct pluq__process){ .loops = &d->loops, .net = d->net, .broker = d->broker, .auth = d->auth,
		.validate = d->validate, .metrics = d->metrics, .plugins = &d->setup->plugins, .start_real_ns = measured.start_real_ns };
	return 0;
}

/* Before any host is filled: whether there are validators is seen by who looks at a host. */
static int add_validators(struct pluq__daemon *d, struct pluq__problem *p)
{
	struct pluq__plugins *all = &d->setup->plugins;

	for (size_t i = 0; i < all->count; i++) {
		struct pluq__plugin *one = &all->items[i];

		if (one->entry->kind == PLUQ_KIND_VALIDATOR &&
		    pluq__validate_add(d->validate, one->instance, one->entry->ops, &one->self, &one->conf.block))
			return no_memory(p);
	}
	return 0;
}

/* A metrics plugin is called by one thread at a time. */
static int width_of(uint32_t kind)
{
	return kind == PLUQ_KIND_STORAGE ? STORAGE_WIDTH : kind == PLUQ_KIND_METRICS ? 1 : OTHER_WIDTH;
}

static int make_hosts(struct pluq__daemon *d, struct pluq__problem *p)
{
	struct pluq__plugins *all = &d->setup->plugins;

	if (add_validators(d, p))
		return PLUQ_ENOMEM;
	for (size_t i = 0; i < all->count; i++) {
		struct pluq__plugin *one = &all->items[i];
		struct pluq__lane *lane = pluq__pool_lane(d->pool, one->instance, width_of(one->entry->kind));

		if (!lane)
			return no_memory(p);
		pluq__host_fill(one, &d->process, lane);
		if (!(one->host.spent = pluq__metrics_watch(d->metrics, one->instance)))
			return no_memory(p);
		if (one->entry->kind == PLUQ_KIND_METRICS &&
		    pluq__metrics_add(d->metrics, one->instance, one->entry->ops, &one->self, lane))
			return no_memory(p);
		if (one->entry->kind != PLUQ_KIND_AUTH)
			continue;
		pluq__lane_limit(lane, AUTH_THREADS);
		if (pluq__auth_add(d->auth, one->instance, one->entry->ops, &one->self, lane))
			return no_memory(p);
	}
	return 0;
}

/* --- plugins ------------------------------------------------------------------------------------------------------ */

static int init_one(struct pluq__plugin *one, struct pluq__problem *p)
{
	char build[PLUQ__BUILD_ID_TEXT];
	struct pluq_why why = { "" };
	int rc;

	one->host.in_init = true;
	rc = one->entry->init(&one->host.pub, one->conf.block, &one->self, &why);
	if (!rc && one->entry->kind == PLUQ_KIND_VALIDATOR && pluq__validate_metrics(one->host.validate, &one->host.pub))
		pluq__log(PLUQ_WARN, one->instance, "out of memory: what validators say is missing in metrics");
	one->host.in_init = false;
	if (rc)
		return pluq__problem(p, rc, "%s: %s", one->instance, *why.text ? why.text : "its init failed");
	one->inited = true;
	pluq__build_id(one->entry, build);
	pluq__log(PLUQ_INFO, "core", "plugin %s: %s %s from %s, build id %s", one->instance, one->entry->name,
	    one->entry->version, one->path, build);
	return 0;
}

static int init_kind(struct pluq__plugins *all, bool handlers, struct pluq__problem *p)
{
	int rc = 0;

	for (size_t i = 0; i < all->count && !rc; i++)
		if ((all->items[i].entry->kind == PLUQ_KIND_HANDLER) == handlers)
			rc = init_one(&all->items[i], p);
	return rc;
}

/* Reverse order of init: handlers came first. */
static void fini_kind(struct pluq__plugins *all, bool handlers)
{
	for (size_t i = all->count; i-- > 0;) {
		struct pluq__plugin *one = &all->items[i];

		if (!one->inited || (one->entry->kind == PLUQ_KIND_HANDLER) != handlers)
			continue;
		one->entry->fini(one->self);
		one->inited = false;
	}
}

/* What root has made and the user is to have. */
static int give_to_user(struct pluq__daemon *d, struct pluq__problem *p)
{
	const char *folder = pluq__config_own_folder(&d->setup->config);
	struct pluq_why why = { "" };
	int rc;

	if (folder && (rc = pluq__user_make_folder(&d->user, folder, p)))
		return rc;
	if (!d->user.drop)
		return 0;
	if (pluq__log_give(d->user.uid, d->user.gid))
		pluq__log(PLUQ_WARN, "core", "the log file cannot be given to user %s: %s", d->user.name, strerror(errno));
	if ((rc = pluq__net_give(d->net, d->user.uid, d->user.gid, &why)))
		return pluq__problem(p, rc, "%s", why.text);
	return 0;
}

/* Ports are bound as root, files are opened as the user who is to own them. */
static int init_plugins(struct pluq__daemon *d, struct pluq__problem *p)
{
	int rc;

	if ((rc = init_kind(&d->setup->plugins, true, p)) || (rc = give_to_user(d, p)) ||
	    (rc = pluq__user_become(&d->user, p)))
		return rc;
	return init_kind(&d->setup->plugins, false, p);
}

static struct pluq__plugin *storage_of(struct pluq__plugins *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].entry->kind == PLUQ_KIND_STORAGE)
			return &all->items[i];
	return NULL;
}

/* Known only after the handlers' init: a process without queues needs no storage. */
static int load_queues(struct pluq__daemon *d, struct pluq__problem *p)
{
	struct pluq__plugin *storage = storage_of(&d->setup->plugins);
	struct pluq_why why = { "" };
	int rc;

	if (!pluq__broker_used(d->broker))
		return 0;
	if (!storage)
		return pluq__problem(p, PLUQ_EINVAL, "plugins: a storage plugin is needed: add diskqueue, or memory to keep "
		    "nothing on disk");
	rc = pluq__broker_load(d->broker, storage->entry->ops, storage->self, storage->host.lane, d->meta_lane,
	    storage->instance, &why);
	return rc ? pluq__problem(p, rc, "%s: %s", storage->instance, why.text) : 0;
}

/* pluq_watch_fn */
static void on_topic_change(void *validate, enum pluq_change change, const char *topic, const char *channel)
{
	if (change == PLUQ_TOPIC_GONE && !channel)
		pluq__validate_topic_gone(validate, topic);
}

static int start_validators(struct pluq__daemon *d, struct pluq__problem *p)
{
	if (pluq__validate_required(d->validate) && pluq__watch(d->broker, on_topic_change, d->validate))
		return no_memory(p);
	return pluq__validate_start(d->validate) ? no_memory(p) : 0;
}

static int start_handlers(struct pluq__plugins *all, struct pluq__problem *p)
{
	for (size_t i = 0; i < all->count; i++) {
		struct pluq__plugin *one = &all->items[i];
		const struct pluq_handler_ops *ops = one->entry->ops;
		struct pluq_why why = { "" };

		if (one->entry->kind == PLUQ_KIND_HANDLER && PLUQ_HAS(ops, start) && ops->start(one->self, &why))
			return pluq__problem(p, PLUQ_EINVAL, "%s: %s", one->instance,
			    *why.text ? why.text : "it does not start");
	}
	return 0;
}

/* --- up ----------------------------------------------------------------------------------------------------------- */

static int prepare(struct pluq__daemon *d, struct pluq__problem *p)
{
	const struct pluq__settings *s = pluq__setup_settings(d->setup);
	struct pluq_why why = { "" };
	int rc;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN); /* until loop 0 takes it: the configuration has just been read */
	pluq__crash_prepare(&d->setup->plugins);
	pluq__fdlimit_raise();
	pluq__memory_set_limit(pluq__settings_memory(s));
	if ((rc = pluq__log_open(pluq__settings_level(s), s->log_to, &why)))
		return pluq__problem(p, rc, "log.to: %s", why.text);
	for (size_t i = 0; i < d->setup->config.note_count; i++)
		pluq__log(PLUQ_WARN, "core", "%s", d->setup->config.notes[i]);
	if ((rc = pluq__user_find(&d->user, s->user, p)) || (rc = make_parts(d, p)))
		return rc;
	return make_hosts(d, p);
}

static int start(struct pluq__daemon *d, struct pluq__problem *p)
{
	struct pluq_why why = { "" };
	int rc;

	if ((rc = prepare(d, p)) || (rc = init_plugins(d, p)) || (rc = load_queues(d, p)) ||
	    (rc = start_validators(d, p)) || (rc = start_handlers(&d->setup->plugins, p)))
		return rc;
	if (pluq__auth_idle(d->auth))
		pluq__log(PLUQ_WARN, "core", "there are auth plugins, but no handler asks them: whoever can connect may do everything. For the "
		    "HTTP API set http_auth: on");
	if ((rc = pluq__metrics_start(d->metrics, &why)) || (rc = pluq__net_start(d->net, &why)))
		return pluq__problem(p, rc, "%s", why.text);
	if (pluq__signals_start(d) || pluq__log_start())
		return no_memory(p);
	pluq__trim_start(&d->trim, &d->loops.loop[0], d->core_lane);
	pluq__log(PLUQ_INFO, "core", "pluqd " PLUQ_VERSION " ready, %d loops, pid %ld", d->loops.count, (long)getpid());
	pluq__notify_ready();
	return 0;
}

/* --- down --------------------------------------------------------------------------------------------------------- */

/* Something still runs on the pool that cannot be stopped, so nothing of it can be taken away: the process ends as it is. */
static void abandon(int status) __attribute__((noreturn));

static void abandon(int status)
{
	pluq__log(PLUQ_WARN, "core", "an operation of a plugin, or the resolving of a name, hangs and is abandoned");
	pluq__log_stop();
	_exit(status);
}

/* Also after a start that failed half-way: what was not made is not there. */
static void tear_down(struct pluq__daemon *d, int status)
{
	pluq__signals_stop(d);
	if (!pluq__pool_fini(&d->pool, POOL_WAIT_NS))
		abandon(status);
	if (d->have_loops)
		pluq__loops_settle(&d->loops);
	pluq__auth_end(d->auth);
	pluq__validate_free(&d->validate);
	fini_kind(&d->setup->plugins, false);
	fini_kind(&d->setup->plugins, true);
	pluq__reload_free(d); /* after fini: a plugin may be looking at what it brought */
	pluq__broker_free(&d->broker);
	pluq__auth_free(&d->auth);
	pluq__net_free(&d->net);
	pluq__metrics_free(&d->metrics); /* after the connections: bodies that were not read are its own */
	if (d->have_loops)
		pluq__loops_fini(&d->loops);
	pluq__conf_free(&d->settings_before);
}

static int serve(struct pluq__daemon *d)
{
	if (pluq__loops_run(&d->loops)) {
		pluq__log(PLUQ_FATAL, "core", "the event loops could not be started: no threads can be made");
		return 1;
	}
	if (d->stop.lost) {
		pluq__log(PLUQ_ERROR, "core", "stopped; %llu messages could not be written and are lost",
		    (unsigned long long)d->stop.lost);
		return 1;
	}
	pluq__log(PLUQ_INFO, "core", "stopped");
	return 0;
}

int pluq__daemon_run(struct pluq__setup *setup, const struct pluq__args *args)
{
	struct pluq__daemon d = { .setup = setup, .args = args };
	struct pluq__problem p;
	int status;

	if (start(&d, &p)) {
		pluq__log_stop();
		fprintf(stderr, "%s: %s\n", args->program, p.text);
		status = 1;
	} else {
		status = serve(&d);
	}
	tear_down(&d, status);
	pluq__log_stop();
	return status;
}
