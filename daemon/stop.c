/* The way down. Each step begins when the one before has ended:
 * listeners close; handlers drain; nothing is read any more; open publishes are answered; connections close; the last metrics
 * are taken; queues go to storage; the loops end. A timer watches that there is progress. */
#include <pluq/handler.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "broker/broker.h"
#include "daemon.h"
#include "net/net.h"
#include "notify.h"

#define LOOK_NS (PLUQ__SEC / 10)

static void give_up(const char *why) __attribute__((noreturn));

static void give_up(const char *why)
{
	pluq__log(PLUQ_ERROR, "core", "%s: ends at once, what was only in memory is lost", why);
	pluq__log_stop();
	_exit(1);
}

static void on_look(struct pluq__timer *timer)
{
	struct pluq__daemon *d = (struct pluq__daemon *)((char *)timer - offsetof(struct pluq__daemon, stop.watch));
	struct pluq__loop *l = &d->loops.loop[0];
	uint64_t progress = pluq__broker_progress(d->broker);

	if (progress != d->stop.seen_progress || d->stop.phase != d->stop.seen_phase) {
		d->stop.seen_progress = progress;
		d->stop.seen_phase = d->stop.phase;
		d->stop.moved_ns = l->now_ns;
	} else if (l->now_ns - d->stop.moved_ns >= pluq__setup_settings(d->setup)->shutdown_timeout_ns) {
		give_up("no progress for shutdown_timeout");
	}
	pluq__loop_set(l, timer, l->now_ns + LOOK_NS);
}

static void on_told(void *arg)
{
	struct pluq__daemon *d = arg;

	pluq__loops_stop(&d->loops);
}

static void on_stored(void *arg, uint64_t lost)
{
	struct pluq__daemon *d = arg;

	pluq__loop_clear(&d->loops.loop[0], &d->stop.watch); /* nothing can get lost any more, and metrics have a patience of their own */
	d->stop.lost = lost;
	pluq__metrics_await(d->metrics, on_told, d);
}

/* The queues go only now: the snapshot still has them, as nothing will change them any more. */
static void on_measured(void *arg)
{
	struct pluq__daemon *d = arg;

	d->stop.phase++;
	if (pluq__broker_used(d->broker))
		pluq__broker_stop(d->broker, on_stored, d);
	else
		on_stored(d, 0);
}

static void on_closed(void *arg)
{
	struct pluq__daemon *d = arg;

	d->stop.phase++;
	pluq__metrics_stop(d->metrics, on_measured, d);
}

static void on_drained(void *arg)
{
	struct pluq__daemon *d = arg;

	d->stop.phase++;
	pluq__net_close_all(d->net, on_closed, d);
}

static void on_unread(void *arg)
{
	struct pluq__daemon *d = arg;

	d->stop.phase++;
	if (pluq__broker_used(d->broker))
		pluq__broker_drain(d->broker, on_drained, d);
	else
		on_drained(d);
}

static void drain_handlers(struct pluq__plugins *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct pluq_handler_ops *ops = all->items[i].entry->ops;

		if (all->items[i].entry->kind == PLUQ_KIND_HANDLER && PLUQ_HAS(ops, drain))
			ops->drain(all->items[i].self);
	}
}

void pluq__daemon_stop(struct pluq__daemon *d)
{
	struct pluq__loop *l = &d->loops.loop[0];

	if (d->stop.begun)
		give_up("told to stop a second time");
	d->stop.begun = true;
	pluq__log(PLUQ_INFO, "core", "stopping");
	pluq__notify_stopping();
	d->stop.moved_ns = l->now_ns;
	d->stop.watch.fn = on_look;
	pluq__loop_set(l, &d->stop.watch, l->now_ns + LOOK_NS);

	pluq__net_stop_accepting(d->net);
	drain_handlers(&d->setup->plugins);
	pluq__net_stop_reading(d->net, on_unread, d);
}
