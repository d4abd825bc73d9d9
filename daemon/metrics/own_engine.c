/* The engine, beside its topics and channels. */
#include "own.h"

PLUQ__METRIC(errors, PLUQ_COUNTER, "storage_errors", "", "operation", "Operations of the storage plugin that failed");
PLUQ__METRIC(healthy, PLUQ_GAUGE, "storage_healthy", "", NULL, "1; 0 while the storage plugin fails, as /ping says");
PLUQ__METRIC(retrying, PLUQ_GAUGE, "storage_retrying_queues", "", NULL, "Queues whose last operation failed and is tried again");
PLUQ__METRIC(syncs, PLUQ_HISTOGRAM, "storage_sync", "seconds", NULL, "How long syncs of queues last");
PLUQ__METRIC(refused, PLUQ_COUNTER, "publish_refused", "", "reason", "Publishes, of one message or a batch, that were refused");
PLUQ__METRIC(deleted, PLUQ_COUNTER, "deleted_messages", "", NULL, "Messages that went with their topic or channel");

void pluq__own_tell_engine(struct pluq__metrics *m, uint32_t loop, struct pluq_gather *g)
{
	struct pluq__broker_figures f;

	pluq__broker_figures(m->of.broker, loop, &f);
	for (int i = 0; loop == 0 && i < PLUQ__STORAGE_OPERATIONS; i++)
		pluq__tell(g, &errors, NULL, pluq__storage_operations[i], (double)f.errors[i]);
	if (loop == 0) {
		pluq__tell(g, &retrying, NULL, NULL, (double)f.retrying);
		pluq__tell(g, &healthy, NULL, NULL, f.healthy);
	}
	for (int i = 0; i < PLUQ__REFUSALS; i++)
		pluq__tell(g, &refused, NULL, pluq__refusals[i], (double)f.home->refused[i]);
	pluq__tell(g, &deleted, NULL, NULL, (double)f.home->deleted);
	pluq__tell_latency(g, &syncs, f.home->syncs);
}
