/* The plugin: descriptor, rounds, reload, end.
 *
 * Sends what the original sends to statsd. A round is prepared whole in `take`, and goes out a datagram at a time in `step`; what is not
 * taken is dropped and counted. Changes begin with the last round that could be prepared. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"

#define SECOND INT64_C(1000000000)

/* Any thread; told on loop 0. */
struct counts {
	_Atomic uint64_t sent, dropped, refused;
};

/* The datagrams on their way. */
struct round {
	struct settings *settings; /* NULL: there is none */
	struct target target;
	struct packets packets;
	size_t next;               /* to be sent */
	int64_t began_ns;
	int64_t late_ns;           /* behind the snapshot; the next one does not wait for that */
	size_t lost;
	int error;                 /* why, of the last one */
};

struct statsd {
	const struct pluq_host *host;
	pthread_mutex_t lock;      /* of settings: a reload comes when it likes */
	struct settings *settings;
	struct counts counts;

	/* The lane's, one call at a time. */
	struct round round;
	struct lookup *lookup;     /* of the target's name, still at work for a round that did without it; else NULL */
	struct past keys, keys_before, more, more_before;
	uint64_t bad_rounds;       /* in a row, in which something was lost */
};

static struct settings *current(struct statsd *d)
{
	struct settings *s;

	pthread_mutex_lock(&d->lock);
	s = settings_ref(d->settings);
	pthread_mutex_unlock(&d->lock);
	return s;
}

/* pluq_metrics_ops.interval_ns */
static int64_t interval_ns(void *self)
{
	struct settings *s = current(self);
	int64_t interval = s->interval_ns;

	settings_unref(s);
	return interval;
}

/* ---- rounds ---- */

static void round_end(struct round *r)
{
	target_close(&r->target);
	settings_unref(r->settings);
	r->settings = NULL;
}

static bool prepare(struct statsd *d, const struct settings *s, const struct pluq_snapshot *snapshot)
{
	struct text prefix = {0};
	struct lines lines = {.settings = s, .snapshot = snapshot, .to = &d->round.packets,
	    .first = !d->keys_before.known};
	bool good;

	settings_put_prefix(s, snapshot->host, snapshot->port, &prefix);
	lines.prefix = prefix.bytes;
	lines.prefix_length = prefix.length;
	past_clear(&d->keys);
	past_clear(&d->more);
	packets_begin(lines.to, s->packet_size);
	keys_put(&lines, &d->keys, &d->keys_before);
	if (s->all)
		more_put(&lines, &d->more, &d->more_before);
	good = packets_end(lines.to) && !prefix.failed && !d->keys.failed && !d->more.failed;
	text_fini(&prefix);
	d->keys_before.group = d->keys_before.entry = d->more_before.group = d->more_before.entry = 0;
	return good;
}

/* pluq_metrics_ops.take */
static int take(void *self, const struct pluq_snapshot *snapshot, struct pluq_why *why)
{
	struct statsd *d = self;
	struct round *r = &d->round;

	round_end(r);
	r->settings = current(d);
	if (!target_open(&r->target, &r->settings->address, &d->lookup, why->text, sizeof(why->text))) {
		round_end(r);
		return PLUQ_EADDRESS;
	}
	if (!prepare(d, r->settings, snapshot)) {
		round_end(r);
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	past_turn(&d->keys, &d->keys_before);
	past_turn(&d->more, &d->more_before);
	d->more_before.known = r->settings->all;
	r->next = 0;
	r->lost = 0;
	r->began_ns = d->host->now_ns(d->host);
	r->late_ns = r->began_ns - snapshot->mono_ns;
	return 0;
}

/* At the first round of a kind, then after two, four, eight ... of them. One without a datagram tells nothing. */
static void complain(struct statsd *d, const struct round *r)
{
	if (!r->packets.count)
		return;
	if (!r->lost && d->bad_rounds)
		d->host->log(d->host, PLUQ_INFO, "%s takes datagrams again, after %llu rounds", r->settings->address.text,
		    (unsigned long long)d->bad_rounds);
	d->bad_rounds = r->lost ? d->bad_rounds + 1 : 0;
	if (!r->lost || (d->bad_rounds & (d->bad_rounds - 1)))
		return;
	d->host->log(d->host, PLUQ_WARN, "%zu of %zu datagrams were not taken by %s: %s (%llu rounds in a row)", r->lost,
	    r->packets.count, r->settings->address.text, strerror(r->error), (unsigned long long)d->bad_rounds);
}

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void lose(struct round *r, _Atomic uint64_t *counter, int error)
{
	count(counter);
	r->lost++;
	r->error = error;
}

/* A name may stand for several addresses, of which only one is listened at: "localhost" does. At a path there may be somebody new. */
static void send_one(struct statsd *d, struct round *r)
{
	size_t length;
	const char *bytes = packets_at(&r->packets, r->next, &length);
	int error = target_send(&r->target, bytes, length);

	while (error == ECONNREFUSED && target_next(&r->target))
		error = target_send(&r->target, bytes, length);
	if (error == ECONNREFUSED)
		lose(r, &d->counts.refused, error);
	else if (error)
		lose(r, &d->counts.dropped, error);
	else
		count(&d->counts.sent);
	r->next++;
}

/* When the next one is due. */
static int64_t due(const struct round *r, int64_t within_ns)
{
	int64_t spread = within_ns - SECOND - r->late_ns;

	return spread > 0 ? r->began_ns + (int64_t)((double)spread * (double)r->next / (double)r->packets.count) : r->began_ns;
}

/* A shorter interval that a reload has brought holds at once: the next round waits for the end of this one. */
static int64_t interval_of(struct statsd *d, const struct round *r)
{
	int64_t fresh = interval_ns(d);

	return fresh < r->settings->interval_ns ? fresh : r->settings->interval_ns;
}

/* pluq_metrics_ops.step. One at least: at the stop it is called without waiting. More if they are due by now, as is the case if there are
 * more of them than steps can come. */
static int64_t step(void *self)
{
	struct statsd *d = self;
	struct round *r = &d->round;
	int64_t now = d->host->now_ns(d->host), interval, wait;

	if (!r->settings)
		return 0;
	interval = interval_of(d, r);
	while (r->next < r->packets.count) {
		send_one(d, r);
		wait = due(r, interval) - now;
		if (r->next < r->packets.count && wait > 0)
			return wait;
	}
	complain(d, r);
	round_end(r);
	return 0;
}

/* ---- what it has to tell itself ---- */

static const struct pluq_metric datagrams = {
    .name = "statsd_datagrams",
    .unit = "",
    .help = "Datagrams to statsd, by what became of them",
    .detail = "result",
    .type = PLUQ_COUNTER,
};

/* pluq_gather_fn */
static void tell(void *arg, uint32_t loop, struct pluq_gather *to)
{
	struct statsd *d = arg;
	const struct {
		const char *detail;
		_Atomic uint64_t *count;
	} all[] = {{"sent", &d->counts.sent}, {"dropped", &d->counts.dropped}, {"refused", &d->counts.refused}};

	for (size_t i = 0; loop == 0 && i < sizeof(all) / sizeof(*all); i++)
		d->host->metrics->add(to, &(struct pluq_sample){.metric = &datagrams, .plugin = d->host->instance, .detail = all[i].detail,
		    .value = (double)atomic_load_explicit(all[i].count, memory_order_relaxed)});
}

/* ---- start, reload, end ---- */

/* pluq_plugin.reload. A round on its way goes on as it has begun, in less time if the interval is shorter now. */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	struct statsd *d = self;
	struct settings *fresh, *old;
	int rc = settings_new(conf, &fresh, why);

	if (rc)
		return rc;
	pthread_mutex_lock(&d->lock);
	old = d->settings;
	d->settings = fresh;
	pthread_mutex_unlock(&d->lock);
	settings_unref(old);
	return 0;
}

/* pluq_plugin.fini */
static void fini(void *self)
{
	struct statsd *d = self;

	round_end(&d->round);
	lookup_drop(&d->lookup);
	packets_fini(&d->round.packets);
	past_fini(&d->keys);
	past_fini(&d->keys_before);
	past_fini(&d->more);
	past_fini(&d->more_before);
	settings_unref(d->settings);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	struct statsd *d = calloc(1, sizeof(*d));
	int rc;

	if (!d) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	d->host = host;
	d->round.target.fd = -1;
	pthread_mutex_init(&d->lock, NULL);
	if ((rc = settings_new(conf, &d->settings, why)) == 0 && (rc = host->metrics->source(host, tell, d)) != 0)
		snprintf(why->text, sizeof(why->text), "out of memory");
	if (rc)
		fini(d);
	else
		*self = d;
	return rc;
}

/* pluq_plugin.check */
static int check(const void *conf, struct pluq_why *why)
{
	struct settings *s;
	int rc = settings_new(conf, &s, why);

	if (rc == 0)
		settings_unref(s);
	return rc;
}

static const struct pluq_metrics_ops ops = {.size = sizeof(ops), .interval_ns = interval_ns, .take = take, .step = step};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_METRICS,
	.option_size = sizeof(struct pluq_option),
	.name = "statsd",
	.version = "0.1.0",
	.summary = "sends metrics to statsd, as the original does",
	.options = settings_options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
	.check = check,
};
