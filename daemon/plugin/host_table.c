#include "host_table.h"

#include <pluq/handler.h>

#include <stdlib.h>
#include <string.h>

#include "../auth/auth.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../broker/broker.h"
#include "../metrics/metrics.h"
#include "../net/net.h"
#include "../validate/validate.h"
#include "settings.h"
#include "values.h"

/* --- log and clocks ----------------------------------------------------------------------------------------------- */

static void host_log(const struct pluq_host *h, enum pluq_level level, const char *fmt, ...)
{
	va_list args;

	if (!pluq__log_on(level))
		return;
	va_start(args, fmt);
	pluq__logv(level, h->instance, fmt, args);
	va_end(args);
}

static bool host_log_on(const struct pluq_host *h, enum pluq_level level)
{
	(void)h;
	return pluq__log_on(level);
}

static int64_t host_now_ns(const struct pluq_host *h)
{
	const struct pluq__loop *l = pluq__loop_self();

	(void)h;
	return l ? l->now_ns : pluq__clock_mono_ns();
}

static int64_t host_real_ns(const struct pluq_host *h)
{
	const struct pluq__loop *l = pluq__loop_self();

	(void)h;
	return l ? l->real_ns : pluq__clock_real_ns();
}

static int32_t host_loop_self(const struct pluq_host *h)
{
	const struct pluq__loop *l = pluq__loop_self();

	(void)h;
	return l ? l->index : -1;
}

/* --- letters and work --------------------------------------------------------------------------------------------- */

struct letter {
	struct pluq__mail mail; /* first */
	struct pluq__spent *spent; /* of the loop that reads it; NULL: nobody counts */
	pluq_post_fn fn;
	void *arg;
};

static struct pluq__spent *spent_on(const struct pluq_host *h, int loop)
{
	struct pluq__spent *spent = pluq__host(h)->spent;

	return spent ? &spent[loop] : NULL;
}

static void call(struct pluq__spent *spent, pluq_post_fn fn, void *arg)
{
	int64_t began = pluq__spent_begin(spent);

	fn(arg);
	pluq__spent_end(spent, began);
}

static void read_letter(struct pluq__mail *mail)
{
	struct letter l = *(struct letter *)mail;

	free(mail);
	call(l.spent, l.fn, l.arg);
}

static int host_post(const struct pluq_host *h, uint32_t loop, pluq_post_fn fn, void *arg)
{
	struct pluq__loops *loops = pluq__host(h)->loops;
	struct letter *l;

	if (loop >= (uint32_t)loops->count)
		return PLUQ_EINVAL;
	if (atomic_load_explicit(&loops->ended, memory_order_acquire))
		return PLUQ_EEXITING;
	if (!(l = malloc(sizeof(*l))))
		return PLUQ_ENOMEM;
	*l = (struct letter){ .mail.fn = read_letter, .spent = spent_on(h, (int)loop), .fn = fn, .arg = arg };
	pluq__loop_post(&loops->loop[loop], &l->mail);
	return 0;
}

struct task {
	struct pluq__job job; /* first */
	struct pluq__spent *spent; /* of the loop where it is done */
	pluq_post_fn work, done;
	void *arg;
};

static void run_task(struct pluq__job *job)
{
	struct task *t = (struct task *)job;

	t->work(t->arg);
}

static void end_task(struct pluq__job *job)
{
	struct task t = *(struct task *)job;

	free(job);
	call(t.spent, t.done, t.arg);
}

static int host_work(const struct pluq_host *h, pluq_post_fn work, pluq_post_fn done, void *arg)
{
	struct pluq__loop *self = pluq__loop_self();
	struct task *t;

	if (!self || !pluq__host(h)->lane)
		return PLUQ_EINVAL;
	if (!(t = calloc(1, sizeof(*t))))
		return PLUQ_ENOMEM;
	*t = (struct task){ .job = { .back = self, .work = run_task, .done = end_task, .what = "work" },
		.spent = spent_on(h, self->index), .work = work, .done = done, .arg = arg };
	pluq__pool_submit(pluq__host(h)->lane, &t->job);
	return 0;
}

/* --- timers ------------------------------------------------------------------------------------------------------- */

struct pluq_timer {
	struct pluq__timer timer; /* first */
	struct pluq__loop *loop;
	struct pluq__spent *spent;
	pluq_timer_fn fn;
	void *arg;
};

static void fire(struct pluq__timer *timer)
{
	struct pluq_timer *t = (struct pluq_timer *)timer;

	call(t->spent, t->fn, t->arg); /* may free t */
}

static struct pluq_timer *host_timer_new(const struct pluq_host *h, pluq_timer_fn fn, void *arg)
{
	struct pluq__loop *self = pluq__loop_self();
	struct pluq_timer *t = self ? calloc(1, sizeof(*t)) : NULL;

	if (t)
		*t = (struct pluq_timer){ .timer.fn = fire, .loop = self, .spent = spent_on(h, self->index), .fn = fn, .arg = arg };
	return t;
}

static void host_timer_set(struct pluq_timer *t, int64_t at_ns)
{
	pluq__loop_set(t->loop, &t->timer, at_ns);
}

static void host_timer_clear(struct pluq_timer *t)
{
	pluq__loop_clear(t->loop, &t->timer);
}

static void host_timer_free(struct pluq_timer **t)
{
	if (!*t)
		return;
	pluq__loop_clear((*t)->loop, &(*t)->timer);
	free(*t);
	*t = NULL;
}

/* --- options ------------------------------------------------------------------------------------------------------ */

static bool find_original(const struct pluq__table *table, const struct pluq__conf *conf, const char *key,
    struct pluq_option_value *out)
{
	size_t n = pluq__table_count(table);

	for (size_t i = 0; i < n; i++) {
		const struct pluq_option *o = pluq__table_at(table, i);

		if (!o->original || strcmp(o->original, key) != 0)
			continue;
		*out = (struct pluq_option_value){ .type = o->type, .flags = o->flags,
			.value = (const char *)conf->block + o->offset, .words = o->words };
		return true;
	}
	return false;
}

static int host_option_get(const struct pluq_host *h, const char *key, struct pluq_option_value *out)
{
	const struct pluq__plugins *all = pluq__host(h)->plugins;

	/* The caller's own first: two instances of a plugin have the same keys. */
	for (size_t i = 0; i < all->count; i++)
		if (&all->items[i].host.pub == h && find_original(&all->items[i].table, &all->items[i].conf, key, out))
			return 0;
	if (find_original(all->core_table, all->core_conf, key, out))
		return 0;
	for (size_t i = 0; i < all->count; i++)
		if (find_original(&all->items[i].table, &all->items[i].conf, key, out))
			return 0;
	return PLUQ_EUNKNOWN;
}

static int host_set_log_level(const struct pluq_host *h, const char *word)
{
	const struct pluq__plugins *all = pluq__host(h)->plugins;
	struct pluq__settings *settings = all->core_conf->block;
	int64_t level;

	if (!pluq__parse_word(word, PLUQ__LOG_WORDS, &level))
		return PLUQ_EINVAL;
	settings->log_level = level; /* what option_get answers from now on */
	pluq__log_set_level(pluq__settings_level(settings));
	return 0;
}

void pluq__host_fill(struct pluq__plugin *plugin, const struct pluq__process *process, struct pluq__lane *lane)
{
	bool handler = plugin->entry->kind == PLUQ_KIND_HANDLER, peers = handler || plugin->entry->kind == PLUQ_KIND_AUTH;

	plugin->host = (struct pluq__host){
		.pub = {
			.size = sizeof(struct pluq_host),
			.abi_major = PLUQ_ABI_MAJOR,
			.abi_minor = PLUQ_ABI_MINOR,
			.daemon_version = PLUQ_VERSION,
			.instance = plugin->instance,
			.loops = (uint32_t)process->loops->count,
			.start_real_ns = process->start_real_ns,
			.net = peers ? &pluq__net_table : NULL,
			.http = peers ? &pluq__http_table : NULL,
			.broker = handler ? &pluq__broker_table : NULL,
			.log = host_log,
			.log_on = host_log_on,
			.now_ns = host_now_ns,
			.real_ns = host_real_ns,
			.loop_self = host_loop_self,
			.post = host_post,
			.work = host_work,
			.timer_new = host_timer_new,
			.timer_set = host_timer_set,
			.timer_clear = host_timer_clear,
			.timer_free = host_timer_free,
			.option_get = host_option_get,
			.set_log_level = host_set_log_level,
			.auth = peers ? &pluq__auth_table : NULL,
			.validators = handler && pluq__validate_required(process->validate) ? &pluq__validators_table : NULL,
			.metrics = &pluq__metrics_table,
		},
		.loops = process->loops,
		.lane = lane,
		.net = process->net,
		.broker = process->broker,
		.auth = process->auth,
		.validate = process->validate,
		.metrics = process->metrics,
		.plugins = process->plugins,
	};
}
