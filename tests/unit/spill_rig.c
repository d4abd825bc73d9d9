#include "cmocka_all.h"

#include "spill_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pluq__spill spill;
struct mock_queue *queue;
struct pluq__held straggler;
struct told told;

static void on_change(struct pluq__spill *s)
{
}

static void on_pinned(struct pluq__spill *s, uint64_t position)
{
	told.pinned_position = position;
	told.pinned++;
}

static void on_rewritten(struct pluq__spill *s, struct pluq__held *h, int status, uint64_t position)
{
	told.rewritten = h;
	told.rewritten_status = status;
	told.rewritten_position = position;
}

static const struct pluq__spill_owner owner = {on_change, on_pinned, on_rewritten};

static void on_emptied(void *arg, int status, const struct pluq_why *why)
{
	told.empty_status = status;
	told.emptied++;
}

static void on_ended(void *arg)
{
	told.ended++;
}

/* ---- append ---- */

static void on_settled(struct pluq__ticket *t, const struct pluq_why *why)
{
	struct promise *p = (struct promise *)t;

	p->status = t->status;
	p->why = *why;
	p->was_empty = pluq__spill_is_empty(&spill);
	p->settled++;
}

struct appending {
	int body, count;
	struct promise *promise;
	bool has_old, rewrite;
	uint64_t position;
	int status;
};

static struct pluq_msg *message(int body)
{
	char text[24];
	struct pluq_msg *m = pluq__msg_new((uint32_t)snprintf(text, sizeof(text), "%d", body));

	memcpy(m->body, text, m->length);
	snprintf(text, sizeof(text), "%016d", body);
	memcpy(m->id, text, sizeof(m->id));
	m->timestamp_ns = 1000 + body;
	return m;
}

static void do_append(void *arg)
{
	struct appending *a = arg;

	for (int i = 0; i < a->count; i++) {
		struct pluq__spill_item item = {.msg = message(a->body + i),
		    .ticket = a->promise ? &a->promise->ticket : NULL,
		    .rewritten = a->rewrite ? &straggler : NULL,
		    .attempts = 3,
		    .has_old = a->has_old,
		    .old_position = a->position};

		a->status = pluq__spill_append(&spill, &item);
	}
}

static void append_as(struct appending a)
{
	on_loop(&e.loops, 0, do_append, &a);
	assert_int_equal(a.status, 0);
}

void append(int body, int count)
{
	append_as((struct appending){.body = body, .count = count});
}

static struct promise *append_promised(int body, int count, bool retry)
{
	struct promise *p = keep(sizeof(*p));

	p->ticket = (struct pluq__ticket){.pending = (uint64_t)count, .retry = retry, .done = on_settled};
	append_as((struct appending){.body = body, .count = count, .promise = p});
	return p;
}

struct promise *append_published(int body, int count)
{
	return append_promised(body, count, false);
}

struct promise *append_moved(int body, int count)
{
	return append_promised(body, count, true);
}

void append_in_place_of(int body, uint64_t position, bool rewrite)
{
	append_as((struct appending){
	    .body = body, .count = 1, .has_old = true, .position = position, .rewrite = rewrite});
}

void assert_told(struct promise *p, int status)
{
	assert_true(until_at_least(&p->settled, 1));
	assert_int_equal(p->settled, 1);
	assert_int_equal(p->status, status);
	if (status == PLUQ_EIO)
		assert_true(p->why.text[0] != 0);
}

/* ---- open, name, end ---- */

static void do_open(void *arg)
{
	pluq__spill_init(&spill, &e.broker->homes[0], &owner, "queue");
	pluq__spill_open(&spill);
}

void begin_unnamed(void)
{
	on_loop(&e.loops, 0, do_open, NULL);
}

static void do_named(void *arg)
{
	pluq__spill_named(&spill, *(int *)arg, &(struct pluq_why){"no metadata"});
}

void named(int status)
{
	on_loop(&e.loops, 0, do_named, &status);
}

void begin(void)
{
	begin_unnamed();
	named(0);
	assert_true(mock_await(queue, MOCK_OPEN, 1));
	wait_idle();
}

void begin_synced(int64_t every, int64_t timeout_ns)
{
	e.storage.sync_every = every;
	e.storage.sync_timeout_ns = timeout_ns;
	begin();
}

static void do_end(void *arg)
{
	pluq__spill_end(&spill, *(bool *)arg, on_ended, NULL);
}

void end(bool removal)
{
	on_loop(&e.loops, 0, do_end, &removal);
}

static bool has_ended(void *arg)
{
	return told.ended > 0;
}

void await_end(void)
{
	assert_true(until_after_pauses(has_ended, NULL));
	assert_int_equal(told.ended, 1);
}

void finish_test(void)
{
	if (!told.ended)
		end(false);
	await_end();
}

int setup_spill(void **state)
{
	setup(state);
	told = (struct told){.empty_status = 99, .rewritten_status = 99};
	queue = queue_of("queue");
	engine_up(1);
	e.storage.unnamed_appends = true; /* here the test is the metadata */
	return 0;
}

int teardown_spill(void **state)
{
	if (!told.ended) { /* the test failed on its way: nothing of it may hold up the others */
		mock_unblock_all(&e.storage);
		end(true);
		until_after_pauses(has_ended, NULL);
	}
	return teardown(state);
}

/* ---- fetch, empty ---- */

static void do_want(void *arg)
{
	pluq__spill_want(&spill);
}

void ask_to_fetch(void)
{
	on_loop(&e.loops, 0, do_want, NULL);
}

bool has_fetched(void *at_least)
{
	return spill.fetched.count >= (uint64_t)(uintptr_t)at_least;
}

void want(uintptr_t at_least)
{
	ask_to_fetch();
	assert_true(until_on_loop(&e.loops, 0, has_fetched, (void *)at_least, 0));
}

struct taking {
	int first, count, wrong;
	bool release;
	uint64_t position;
};

static void do_take(void *arg)
{
	struct taking *t = arg;

	for (int i = 0; i < t->count; i++) {
		struct pluq__fetched f = *pluq__spill_peek(&spill, 0);
		char want[24];

		snprintf(want, sizeof(want), "%d", t->first + i);
		t->wrong += f.msg->length != strlen(want) || memcmp(f.msg->body, want, f.msg->length) != 0 ||
		    f.attempts != 3 || f.msg->timestamp_ns != 1000 + t->first + i;
		if (i == 0)
			t->position = f.position;
		pluq__spill_pop(&spill, 1);
		pluq__msg_unref(f.msg);
		if (t->release)
			pluq__spill_release(&spill, f.position);
	}
}

uint64_t take(int first, int count, bool release)
{
	struct taking t = {.first = first, .count = count, .release = release};

	on_loop(&e.loops, 0, do_take, &t);
	assert_int_equal(t.wrong, 0);
	return t.position;
}

static void do_empty(void *arg)
{
	pluq__spill_empty(&spill, on_emptied, NULL);
}

void empty(void)
{
	on_loop(&e.loops, 0, do_empty, NULL);
}

/* ---- looking ---- */

static bool is_idle(void *arg)
{
	return !spill.work && !spill.syncing && !spill.turn.next;
}

void wait_idle(void)
{
	assert_true(until_on_loop(&e.loops, 0, is_idle, NULL, 0));
}

static void do_look(void *arg)
{
	*(bool *)arg = !pluq__spill_backlog(&spill) && is_idle(NULL);
}

bool all_written(void *arg)
{
	bool yes;

	on_loop(&e.loops, 0, do_look, &yes);
	return yes;
}

struct counts {
	uint64_t stored, fetched, backlog, lost;
};

static void read_counts(void *arg)
{
	*(struct counts *)arg = (struct counts){.stored = spill.stored,
	    .fetched = spill.fetched.count,
	    .backlog = pluq__spill_backlog(&spill),
	    .lost = spill.home->lost};
}

void assert_counts(uint64_t stored, uint64_t fetched, uint64_t backlog)
{
	struct counts n;

	on_loop(&e.loops, 0, read_counts, &n);
	assert_int_equal(n.stored, stored);
	assert_int_equal(n.fetched, fetched);
	assert_int_equal(n.backlog, backlog);
}

uint64_t lost(void)
{
	struct counts n;

	on_loop(&e.loops, 0, read_counts, &n);
	return n.lost;
}

void assert_stored(const int *bodies, size_t n)
{
	assert_int_equal(mock_depth(queue), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(atoi(mock_at(queue, i)->body), bodies[i]);
}

void assert_stored_range(int first, size_t n)
{
	assert_int_equal(mock_depth(queue), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(atoi(mock_at(queue, i)->body), first + (int)i);
}
