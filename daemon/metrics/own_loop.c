/* Each loop: how it keeps up. Loop 0 also: listeners, auth plugins, metrics plugins. */
#include <stdio.h>

#include "own.h"

PLUQ__METRIC(turn_time, PLUQ_HISTOGRAM, "loop_turn", "seconds", NULL, "How long turns of the event loops last: what others on a loop wait");
PLUQ__METRIC(turns, PLUQ_COUNTER, "loop_turns", "", "loop", "Turns of the event loop");
PLUQ__METRIC(busy, PLUQ_COUNTER, "loop_busy", "seconds", "loop", "Time that the event loop did not wait");
PLUQ__METRIC(lag, PLUQ_GAUGE, "loop_lag", "seconds", "loop", "Longest turn of the event loop since the snapshot before");

PLUQ__METRIC(connections, PLUQ_GAUGE, "connections", "", "listener", "Connections of clients");
PLUQ__METRIC(requesting, PLUQ_GAUGE, "connections_in_request", "", "listener",
    "Of the connections of clients those with an HTTP request that is being received or answered");
PLUQ__METRIC(accepted, PLUQ_COUNTER, "connections_accepted", "", "listener", "Connections of clients since the start");
PLUQ__METRIC(refused, PLUQ_COUNTER, "connections_refused", "", "listener",
    "Connections refused for want of descriptors or memory, or because of max_connections");

PLUQ__METRIC(verdicts, PLUQ_COUNTER, "auth_verdicts", "", "verdict", "Answers of the auth plugin");
PLUQ__METRIC(auth_open, PLUQ_GAUGE, "auth_open_questions", "", NULL, "Questions that the auth plugin has not answered yet");
const struct pluq_metric pluq__plugin_loop_time = {.name = "plugin_loop_time", .unit = "seconds", .type = PLUQ_COUNTER,
    .help = "Time of event loops spent in the plugin's operations"};

PLUQ__METRIC(snapshots, PLUQ_COUNTER, "metrics_snapshots", "", "result", "Snapshots made, and that could not be for want of memory");
PLUQ__METRIC(snapshot_time, PLUQ_GAUGE, "metrics_snapshot_time", "seconds", NULL, "How long the snapshot before this one was in the making");
PLUQ__METRIC(takes, PLUQ_COUNTER, "metrics_takes", "", "result",
    "Snapshots that the metrics plugin has taken, failed to take, and missed as it was not through or paused after failures");
PLUQ__METRIC(renders, PLUQ_COUNTER, "metrics_renders", "", "result", "Requests that the metrics plugin has rendered, failed to, refused");

static void tell_turns(struct pluq__loop *l, struct pluq_gather *g)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", l->index);
	pluq__tell_latency(g, &turn_time, l->turn_times);
	pluq__tell(g, &turns, NULL, name, (double)l->turn);
	pluq__tell(g, &busy, NULL, name, (double)l->busy_ns / 1e9);
	pluq__tell(g, &lag, NULL, name, (double)l->longest_ns / 1e9);
	l->longest_ns = 0;
}

static void tell_spent(const struct pluq__metrics *m, uint32_t loop, struct pluq_gather *g)
{
	for (const struct pluq__watched *w = m->watched; w; w = w->next)
		if (w->spent[loop].ns)
			pluq__tell(g, &pluq__plugin_loop_time, w->instance, NULL, (double)w->spent[loop].ns / 1e9);
}

static void tell_listener(void *arg, const struct pluq__listener_figures *f)
{
	pluq__tell(arg, &connections, f->instance, f->what, (double)f->live);
	if (f->requesting >= 0)
		pluq__tell(arg, &requesting, f->instance, f->what, (double)f->requesting);
	pluq__tell(arg, &accepted, f->instance, f->what, (double)f->accepted);
	pluq__tell(arg, &refused, f->instance, f->what, (double)f->refused);
}

static void tell_auth(void *arg, const struct pluq__auth_figures *f)
{
	static const char *const words[] = {
	    [PLUQ_AUTH_ALLOW] = "allow", [PLUQ_AUTH_DENY] = "deny", [PLUQ_AUTH_SILENT] = "silent", [PLUQ_AUTH_ERROR] = "error"};

	for (int v = PLUQ_AUTH_ALLOW; v <= PLUQ_AUTH_ERROR; v++)
		pluq__tell(arg, &verdicts, f->instance, words[v], (double)f->verdicts[v]);
	pluq__tell(arg, &auth_open, f->instance, NULL, f->open);
	pluq__tell(arg, &pluq__plugin_loop_time, f->instance, NULL, (double)f->loop_ns / 1e9);
}

static void tell_feed(const struct pluq__feed *f, struct pluq_gather *g)
{
	pluq__tell(g, &takes, f->instance, "taken", (double)f->taken);
	pluq__tell(g, &takes, f->instance, "failed", (double)f->failed);
	pluq__tell(g, &takes, f->instance, "missed", (double)f->missed);
	pluq__tell(g, &renders, f->instance, "rendered", (double)f->rendered);
	pluq__tell(g, &renders, f->instance, "failed", (double)f->render_failed);
	pluq__tell(g, &renders, f->instance, "refused", (double)f->refused);
}

static void tell_metrics(const struct pluq__metrics *m, struct pluq_gather *g)
{
	pluq__tell(g, &snapshots, NULL, "made", (double)m->made);
	pluq__tell(g, &snapshots, NULL, "failed", (double)m->failed);
	if (m->made)
		pluq__tell(g, &snapshot_time, NULL, NULL, (double)m->took_ns / 1e9);
	for (const struct pluq__feed *f = m->feeds; f; f = f->next)
		tell_feed(f, g);
}

void pluq__own_tell_loop(void *arg, uint32_t loop, struct pluq_gather *g)
{
	struct pluq__metrics *m = arg;

	tell_turns(&m->of.loops->loop[loop], g);
	tell_spent(m, loop, g);
	if (pluq__broker_used(m->of.broker))
		pluq__own_tell_engine(m, loop, g);
	if (loop)
		return;
	pluq__net_each_listener(m->of.net, tell_listener, g);
	pluq__auth_each(m->of.auth, tell_auth, g);
	tell_metrics(m, g);
}
