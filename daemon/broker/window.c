#include "window.h"

void pluq__window_look(struct pluq__window *w, int64_t now_ns, int64_t half_ns)
{
	int64_t turn = (now_ns - w->since_ns) / half_ns;

	if (turn == w->turn)
		return;
	if (turn > w->turn + 1)
		pluq__latency_free(&w->half[(turn + 1) % 2]);
	w->turn = turn;
	pluq__latency_free(&w->half[turn % 2]);
}

void pluq__window_add(struct pluq__window *w, int64_t now_ns, int64_t half_ns, int64_t ns)
{
	pluq__window_look(w, now_ns, half_ns);
	pluq__latency_add(&w->half[w->turn % 2], ns);
}

void pluq__window_fini(struct pluq__window *w)
{
	pluq__latency_free(&w->half[0]);
	pluq__latency_free(&w->half[1]);
}
