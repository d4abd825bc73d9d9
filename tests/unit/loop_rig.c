#include "loop_rig.h"

#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#define WAIT_S 20

static pthread_t runner;

static int64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void look_again_soon(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static void *run(void *arg)
{
	pluq__loops_run(arg);
	return NULL;
}

void loops_up(struct pluq__loops *ls, int count)
{
	if (pluq__loops_init(ls, count) < 0)
		abort();
	loops_start(ls);
}

void loops_start(struct pluq__loops *ls)
{
	if (pthread_create(&runner, NULL, run, ls) != 0)
		abort();
}

static void stop(void *arg)
{
	pluq__loops_stop(arg);
}

void loops_down(struct pluq__loops *ls)
{
	post_to_loop(ls, 0, stop, ls);
	pthread_join(runner, NULL);
}

struct letter {
	struct pluq__mail mail; /* first */
	void (*fn)(void *arg);
	void *arg;
	bool waited_for;
	sem_t done;
};

static void on_letter(struct pluq__mail *m)
{
	struct letter *l = (struct letter *)m;

	l->fn(l->arg);
	if (l->waited_for)
		sem_post(&l->done);
	else
		free(l);
}

void post_to_loop(struct pluq__loops *ls, int loop, void (*fn)(void *), void *arg)
{
	struct letter *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	*l = (struct letter){.mail.fn = on_letter, .fn = fn, .arg = arg};
	pluq__loop_post(&ls->loop[loop], &l->mail);
}

void on_loop(struct pluq__loops *ls, int loop, void (*fn)(void *), void *arg)
{
	struct letter l = {.mail.fn = on_letter, .fn = fn, .arg = arg, .waited_for = true};
	struct timespec end;

	sem_init(&l.done, 0, 0);
	pluq__loop_post(&ls->loop[loop], &l.mail);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 3 * WAIT_S;
	if (sem_timedwait(&l.done, &end) < 0)
		abort(); /* the loop hangs: the letter stands on this stack, there is no way on */
	sem_destroy(&l.done);
}

struct question {
	bool (*fn)(void *);
	void *arg;
	bool answer;
};

static void ask(void *arg)
{
	struct question *q = arg;

	q->answer = q->fn(q->arg);
}

bool until_on_loop(struct pluq__loops *ls, int loop, bool (*fn)(void *), void *arg, int64_t wait_ns)
{
	struct question q = {fn, arg, false};
	int64_t end = clock_ns() + (wait_ns ? wait_ns : WAIT_S * INT64_C(1000000000));

	for (;;) {
		on_loop(ls, loop, ask, &q);
		if (q.answer || clock_ns() > end)
			return q.answer;
		look_again_soon();
	}
}

bool until(bool (*fn)(void *), void *arg)
{
	int64_t end = clock_ns() + WAIT_S * INT64_C(1000000000);

	while (!fn(arg)) {
		if (clock_ns() > end)
			return false;
		look_again_soon();
	}
	return true;
}

struct threshold {
	_Atomic int *value;
	int wanted;
};

static bool is_reached(void *arg)
{
	struct threshold *t = arg;

	return *t->value >= t->wanted;
}

bool until_at_least(_Atomic int *value, int wanted)
{
	return until(is_reached, &(struct threshold){value, wanted});
}
