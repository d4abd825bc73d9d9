#include <event2/event.h>
#include <signal.h>

#include "base/log.h"
#include "daemon.h"

static void on_stop(evutil_socket_t number, short what, void *arg)
{
	(void)what;
	pluq__log(PLUQ_INFO, "core", "received %s", number == SIGTERM ? "SIGTERM" : "SIGINT");
	pluq__daemon_stop(arg);
}

static void on_hangup(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	pluq__log(PLUQ_INFO, "core", "received SIGHUP");
	pluq__daemon_reload(arg);
}

int pluq__signals_start(struct pluq__daemon *d)
{
	static const struct {
		int number;
		event_callback_fn fn;
	} wanted[PLUQ__SIGNALS] = { { SIGTERM, on_stop }, { SIGINT, on_stop }, { SIGHUP, on_hangup } };

	for (size_t i = 0; i < PLUQ__SIGNALS; i++) {
		d->signal[i] = evsignal_new(d->loops.loop[0].events, wanted[i].number, wanted[i].fn, d);
		if (!d->signal[i] || evsignal_add(d->signal[i], NULL))
			return PLUQ_ENOMEM;
	}
	return 0;
}

void pluq__signals_stop(struct pluq__daemon *d)
{
	for (size_t i = 0; i < PLUQ__SIGNALS; i++) {
		if (d->signal[i])
			event_free(d->signal[i]);
		d->signal[i] = NULL;
	}
}
