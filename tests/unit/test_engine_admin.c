/* Creation, deletion, emptying, what is ephemeral, metadata; with publishes and consumers in the middle of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/clock.h"
#include "cmocka_all.h"
#include "engine_rig.h"
#include "fake_clock.h"

static struct engine e;

static int setup(void **state)
{
	clock_reset();
	engine_init(&e);
	return 0;
}

static int teardown(void **state)
{
	return engine_fini(&e);
}

/* An admin request that is not waited for. */
struct request {
	enum pluq_admin what;
	const char *topic, *channel;
	int status;
	_Atomic int answered;
};

static void on_answer(void *arg, int status, const struct pluq_why *why)
{
	struct request *r = arg;

	r->status = status;
	r->answered++;
}

static void ask(void *arg)
{
	struct request *r = arg;

	r->answered = 0;
	if (pluq__broker_table.admin(&e.host.pub, r->what, r->topic, strlen(r->topic), r->channel,
	        r->channel ? strlen(r->channel) : 0, on_answer, r) < 0)
		abort();
}

static void begin_request(struct request *r)
{
	on_loop(&e.loops, 0, ask, r);
}

/* ---- finding ---- */

static void topics_are_found_or_made(void **state)
{
	engine_up(&e, LOOPS);
	assert_int_equal(topic_status(&e, 0, "t", false), PLUQ_ENOTOPIC);
	assert_int_equal(topic_status(&e, LOOPS - 1, "t", false), PLUQ_ENOTOPIC);
	struct pluq_topic *a = topic_on(&e, LOOPS - 1, "t"), *b = topic_on(&e, 0, "t");

	assert_ptr_equal(a, b);
	assert_string_equal(pluq__broker_table.topic_name(a), "t");
	assert_int_equal(topic_status(&e, 0, "t", false), 0);
	assert_int_equal(topic_status(&e, 0, "", true), PLUQ_EINVAL);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "none", "c"), PLUQ_ENOTOPIC);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_EMPTY, "t", "d"), PLUQ_ENOCHANNEL);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_DELETE, "t", "d"), PLUQ_ENOCHANNEL);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_DELETE, "none", NULL), PLUQ_ENOTOPIC);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_EMPTY, "none", NULL), PLUQ_ENOTOPIC);
	topic_drop(a);
	topic_drop(b);
	assert_int_equal(engine_down(&e), 0);
}

/* ---- emptying ---- */

static void empty_drops_everything_a_channel_has(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 5;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&c, &e);
	assert_int_equal(subscribe(&c, t, "c"), 0);
	set_ready(&c, 4);
	assert_int_equal(publish(&e, 0, t, 0, 20), 0);
	assert_true(has_got(&c, 4));
	set_ready(&c, 0);
	assert_int_equal(requeue(&c, 0, 0), 0);
	assert_int_equal(requeue(&c, 1, 50 * SEC), 0);
	assert_int_equal(publish_deferred(&e, 0, t, 99, 60 * SEC), 0);
	assert_true(channel_becomes(&e, "t", "c", 17, 2, 2));
	assert_int_equal(admin(&e, LOOPS - 1, PLUQ_CHANNEL_EMPTY, "t", "c"), 0);
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t:c")), 0);
	assert_int_equal(sub_stats(&c).in_flight, 0);
	assert_int_equal(finish(&c, 2), PLUQ_ENOTINFLIGHT);
	set_ready(&c, 4);
	clock_leap(&e.loops, 100 * SEC);
	assert_int_equal(publish(&e, 0, t, 100, 4), 0);
	assert_true(has_got(&c, 8));
	assert_int_equal(c.got[4].body, 100);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void empty_drops_what_waits_in_a_topic(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 5;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	assert_int_equal(publish(&e, 0, t, 0, 20), 0);
	assert_int_equal(admin(&e, LOOPS - 1, PLUQ_TOPIC_EMPTY, "t", NULL), 0);
	assert_true(topic_becomes(&e, "t", 0));
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t")), 0);
	consume(&c, &e, t, "c", 10);
	assert_int_equal(publish(&e, 0, t, 20, 3), 0);
	assert_true(has_got(&c, 3));
	assert_true(got_in_order(&c, 20, 3));
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void failed_empty_is_told(void **state)
{
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	mock_fail(mock_queue(&e.storage, "t"), MOCK_EMPTY, 1);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_EMPTY, "t", NULL), PLUQ_EIO);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_EMPTY, "t", NULL), 0);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* ---- deletion ---- */

static void deletion_of_a_topic_ends_all_of_it(void **state)
{
	struct consumer a, b;

	e.limits.mem_queue_size = 2;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, LOOPS - 1, "t");

	consumer_init(&a, &e);
	assert_int_equal(subscribe(&a, t, "a"), 0);
	set_ready(&a, 2);
	consume(&b, &e, t, "b", 2);
	assert_int_equal(publish(&e, 0, t, 0, 20), 0);
	assert_true(has_got(&b, 20));
	assert_int_equal(publish_deferred(&e, 0, t, 21, 60 * SEC), 0);
	assert_int_equal(admin(&e, LOOPS - 1, PLUQ_TOPIC_DELETE, "t", NULL), 0);
	assert_int_equal(a.ended, 1);
	assert_int_equal(b.ended, 1);
	assert_true(mock_queue(&e.storage, "t")->was_removed);
	assert_true(mock_queue(&e.storage, "t:a")->was_removed);
	assert_true(mock_queue(&e.storage, "t:b")->was_removed);
	assert_false(mock_has_saved(&e.storage, "t"));
	assert_false(mock_has_saved(&e.storage, "t:a"));
	struct pluq_topic_stats ts;

	assert_false(topic_stats(&e, "t", &ts));
	/* Whoever still holds the old one is told, wherever he is. */
	for (int l = 0; l < LOOPS; l++)
		assert_int_equal(publish(&e, l, t, 0, 1), PLUQ_ESTALE);
	assert_int_equal(topic_status(&e, LOOPS - 1, "t", false), PLUQ_ENOTOPIC);
	consumer_fini(&a);
	consumer_init(&a, &e);
	assert_int_equal(subscribe(&a, t, "a"), PLUQ_ESTALE);
	struct pluq_topic *again = topic_on(&e, LOOPS - 1, "t");

	assert_ptr_not_equal(again, t);
	assert_int_equal(publish(&e, 0, again, 50, 1), 0);
	consume(&a, &e, again, "a", 1);
	assert_true(has_got(&a, 1));
	assert_true(got_in_order(&a, 50, 1));
	consumer_fini(&a);
	consumer_fini(&b);
	topic_drop(t);
	topic_drop(again);
	assert_int_equal(engine_down(&e), 0);
}

struct parked {
	_Atomic int answered;
	int status;
	struct pluq_topic *topic;
};

static void on_parked(void *arg, int status, struct pluq_topic *t)
{
	struct parked *p = arg;

	p->status = status;
	p->topic = t;
	p->answered++;
}

static void park(void *arg)
{
	struct parked *p = arg;

	p->status = pluq__broker_table.topic_get(&e.host.pub, "t", 1, true, &p->topic, on_parked, p);
}

static void creation_waits_for_a_deletion_that_hangs(void **state)
{
	struct parked parked[2] = {{0}};
	struct request deletion = {.what = PLUQ_TOPIC_DELETE, .topic = "t"};
	struct consumer c;
	struct pub open;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");
	struct mock_queue *q = mock_queue(&e.storage, "t");

	assert_int_equal(publish(&e, 0, t, 0, 10), 0);
	mock_block(q, MOCK_APPEND);
	pub_begin(&open, &e, LOOPS - 1, t, 10, 1, 0); /* on its way into storage */
	assert_true(mock_await_inside(q, MOCK_APPEND, 1));
	begin_request(&deletion);
	settle(&e);
	assert_int_equal(deletion.answered, 0);
	assert_int_equal(publish(&e, LOOPS - 1, t, 0, 1), PLUQ_ESTALE);
	assert_int_equal(topic_status(&e, 0, "t", false), PLUQ_ENOTOPIC);
	on_loop(&e.loops, 0, park, &parked[0]);
	on_loop(&e.loops, LOOPS - 1, park, &parked[1]);
	assert_int_equal(parked[0].status, PLUQ_ELATER);
	assert_int_equal(parked[1].status, PLUQ_ELATER);
	struct pluq_topic *other = topic_on(&e, 0, "other"); /* others are not held up */

	assert_int_equal(publish(&e, 0, other, 0, 1), 0);
	assert_int_equal(parked[0].answered, 0);
	mock_block(q, MOCK_REMOVE);
	mock_unblock(q, MOCK_APPEND);
	assert_true(mock_await_inside(q, MOCK_REMOVE, 1));
	assert_int_equal(pub_wait(&open), 0); /* it was written; then deleted */
	settle(&e);
	assert_int_equal(parked[0].answered + parked[1].answered + deletion.answered, 0);
	mock_unblock(q, MOCK_REMOVE);
	assert_true(until_at_least(&deletion.answered, 1));
	assert_int_equal(deletion.status, 0);
	assert_true(until_at_least(&parked[0].answered, 1) && until_at_least(&parked[1].answered, 1));
	assert_int_equal(parked[0].status, 0);
	assert_int_equal(parked[1].status, 0);
	assert_ptr_equal(parked[0].topic, parked[1].topic);
	assert_ptr_not_equal(parked[0].topic, t);
	consume(&c, &e, parked[0].topic, "c", 10);
	assert_int_equal(publish(&e, LOOPS - 1, parked[1].topic, 77, 1), 0);
	assert_true(has_got(&c, 1));
	assert_true(got_in_order(&c, 77, 1)); /* nothing of the old one */
	consumer_fini(&c);
	for (int i = 0; i < 2; i++)
		topic_drop(parked[i].topic);
	topic_drop(t);
	topic_drop(other);
	assert_int_equal(engine_down(&e), 0);
}

static void ids_of_a_new_topic_lie_above_the_deleted_ones(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 100000;
	engine_up(&e, LOOPS);
	uint8_t last[16] = {0};

	for (int round = 0; round < 3; round++) {
		struct pluq_topic *t = topic_on(&e, 0, "t");

		consume(&c, &e, t, "c", 1000);
		assert_int_equal(publish(&e, 0, t, 0, 20000), 0); /* ids run ahead of the clock */
		assert_true(has_got(&c, 20000));
		assert_true(memcmp(c.got[0].id, last, 16) > 0);
		memcpy(last, c.got[19999].id, 16);
		assert_int_equal(admin(&e, 0, PLUQ_TOPIC_DELETE, "t", NULL), 0);
		clock_set_back(3600 * SEC);
		consumer_fini(&c);
		topic_drop(t);
	}
	assert_int_equal(engine_down(&e), 0);
}

static void deletion_of_a_channel_leaves_its_siblings(void **state)
{
	struct consumer a, b, again;

	e.limits.mem_queue_size = 2;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&a, &e);
	assert_int_equal(subscribe(&a, t, "a"), 0);
	consume(&b, &e, t, "b", 5);
	assert_int_equal(publish(&e, 0, t, 0, 10), 0);
	assert_int_equal(admin(&e, LOOPS - 1, PLUQ_CHANNEL_DELETE, "t", "a"), 0);
	assert_int_equal(a.ended, 1);
	assert_true(mock_queue(&e.storage, "t:a")->was_removed);
	assert_false(mock_has_saved(&e.storage, "t:a"));
	assert_true(mock_has_saved(&e.storage, "t:b"));
	assert_int_equal(publish(&e, 0, t, 10, 10), 0);
	assert_true(has_got(&b, 20));
	assert_true(got_in_order(&b, 0, 20));
	assert_int_equal(b.ended, 0);
	consume(&again, &e, t, "a", 5);
	assert_int_equal(publish(&e, 0, t, 20, 5), 0);
	assert_true(has_got(&again, 5));
	assert_true(got_in_order(&again, 20, 5));
	consumer_fini(&a);
	consumer_fini(&b);
	consumer_fini(&again);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* The channel's storage hangs while it is deleted: publishers are not made to fail, its name waits. */
static void deletion_of_a_channel_answers_open_publishes(void **state)
{
	struct request deletion = {.what = PLUQ_CHANNEL_DELETE, .topic = "t", .channel = "a"};
	struct consumer b, late;
	struct pub first, second;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");
	struct mock_queue *q = mock_queue(&e.storage, "t:a");

	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "t", "a"), 0);
	consume(&b, &e, t, "b", 5);
	assert_int_equal(publish(&e, 0, t, 0, 1), 0);
	mock_block(q, MOCK_APPEND);
	pub_begin(&first, &e, LOOPS - 1, t, 1, 1, 0);
	assert_true(mock_await_inside(q, MOCK_APPEND, 1));
	pub_begin(&second, &e, LOOPS - 1, t, 2, 1, 0);
	assert_true(has_got(&b, 3)); /* its sibling does not wait */
	assert_int_equal(first.answered + second.answered, 0);
	begin_request(&deletion);
	assert_int_equal(pub_wait(&second), 0);
	consumer_init(&late, &e);
	assert_int_equal(subscribe(&late, t, "a"), PLUQ_EEXITING);
	mock_unblock(q, MOCK_APPEND);
	assert_int_equal(pub_wait(&first), 0);
	assert_true(until_at_least(&deletion.answered, 1));
	assert_int_equal(deletion.status, 0);
	assert_int_equal(subscribe(&late, t, "a"), 0);
	consumer_fini(&late);
	consumer_fini(&b);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* What the topic had in storage is on its way into a channel that is deleted: the topic must still let go of it. */
static void deletion_of_a_channel_does_not_pin_the_topics_records(void **state)
{
	struct consumer b;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");
	struct mock_queue *q = mock_queue(&e.storage, "t:a"), *own = mock_queue(&e.storage, "t");
	struct request deletion = {.what = PLUQ_CHANNEL_DELETE, .topic = "t", .channel = "a"};

	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "t", "a"), 0);
	consume(&b, &e, t, "b", 100);
	assert_int_equal(publish(&e, 0, t, 0, 50), 0);
	assert_int_equal(mock_depth(own), 50);
	mock_block(q, MOCK_OPEN); /* it hangs, then fails */
	mock_block(q, MOCK_APPEND);
	mock_fail(q, MOCK_APPEND, 1000);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	assert_true(has_got(&b, 50));
	assert_true(channel_becomes(&e, "t", "a", 50, 0, 0));
	assert_int_equal(mock_depth(own), 50); /* a has not got them yet */
	begin_request(&deletion);
	mock_unblock(q, MOCK_OPEN);
	mock_unblock(q, MOCK_APPEND);
	assert_true(until_at_least(&deletion.answered, 1));
	/* The releases follow. */
	for (int n = 0; n < 10000 && mock_depth(own); n++)
		look_again_soon();
	assert_int_equal(mock_depth(own), 0);
	consumer_fini(&b);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void failing_metadata_do_not_keep_a_topic_alive(void **state)
{
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_PAUSE, "t", NULL), 0); /* saved */
	mock_fail_saves(&e.storage, 1);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_DELETE, "t", NULL), PLUQ_EIO);
	assert_int_equal(topic_status(&e, 0, "t", false), PLUQ_ENOTOPIC);
	assert_false(health(&e).storage_ok);
	clock_leap(&e.loops, 2 * SEC); /* it is tried again */
	for (int n = 0; n < 10000 && mock_has_saved(&e.storage, "t"); n++)
		look_again_soon();
	assert_false(mock_has_saved(&e.storage, "t"));
	assert_false(mock_has_saved(&e.storage, "t:c"));
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* ---- ephemeral ---- */

static void ephemeral_channel_goes_with_its_last_consumer(void **state)
{
	struct consumer a, b;
	struct pluq_channel_stats s;

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "t", "c#ephemeral"), 0);
	settle(&e);
	assert_true(channel_stats(&e, "t", "c#ephemeral", &s)); /* until a consumer has come and gone */
	consume(&a, &e, t, "c#ephemeral", 1);
	consume(&b, &e, t, "c#ephemeral", 1);
	unsubscribe(&a);
	settle(&e);
	assert_true(channel_stats(&e, "t", "c#ephemeral", &s));
	unsubscribe(&b);
	assert_false(channel_stats(&e, "t", "c#ephemeral", &s));
	assert_int_equal(topic_status(&e, 0, "t", false), 0);
	assert_int_equal(publish(&e, 0, t, 0, 3), 0); /* waits in the topic: there is no channel */
	assert_true(topic_becomes(&e, "t", 3));
	assert_int_equal(mock_queue(&e.storage, "t:c#ephemeral")->calls[MOCK_OPEN], 0);
	assert_false(mock_has_saved(&e.storage, "t:c#ephemeral"));
	consumer_fini(&a);
	consumer_fini(&b);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void ephemeral_queues_drop_what_does_not_fit(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 10;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t#ephemeral");

	assert_int_equal(publish(&e, LOOPS - 1, t, 0, 30), 0);
	assert_true(topic_becomes(&e, "t#ephemeral", 10));
	consumer_init(&c, &e);
	c.finishes = true;
	assert_int_equal(subscribe(&c, t, "c#ephemeral"), 0);
	assert_true(channel_becomes(&e, "t#ephemeral", "c#ephemeral", 10, 0, 0));
	assert_int_equal(publish(&e, LOOPS - 1, t, 100, 30), 0);
	set_ready(&c, 100);
	assert_true(has_got(&c, 10));
	assert_true(got_in_order(&c, 0, 10));
	settle(&e);
	assert_int_equal(c.count, 10);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_queue(&e.storage, "t#ephemeral")->calls[MOCK_OPEN], 0);
}

static void ephemeral_channel_without_memory_passes_to_who_waits(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consume(&c, &e, t, "c#ephemeral", 0);
	assert_int_equal(publish(&e, 0, t, 0, 1), 0); /* nobody is ready */
	set_ready(&c, 10);
	settle(&e);
	assert_int_equal(c.count, 0);
	for (int n = 1; n <= 20; n++) {
		assert_int_equal(publish(&e, 0, t, n, 1), 0);
		assert_true(has_got(&c, n));
	}
	assert_true(got_in_order(&c, 1, 20));
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static bool topic_is_gone(const char *name)
{
	for (int n = 0; n < 20000; n++) {
		if (topic_status(&e, 0, name, false) == PLUQ_ENOTOPIC)
			return true;
		look_again_soon();
	}
	return false;
}

static void ephemeral_topic_goes_with_its_last_channel(void **state)
{
	struct consumer a;

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t#ephemeral");

	settle(&e);
	assert_int_equal(topic_status(&e, 0, "t#ephemeral", false), 0); /* without any channel ever it stays */
	consume(&a, &e, t, "a#ephemeral", 1);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "t#ephemeral", "durable"), 0);
	unsubscribe(&a);
	settle(&e);
	assert_int_equal(topic_status(&e, 0, "t#ephemeral", false), 0); /* the durable one keeps it */
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_DELETE, "t#ephemeral", "durable"), 0);
	assert_true(topic_is_gone("t#ephemeral"));
	assert_int_equal(publish(&e, LOOPS - 1, t, 0, 1), PLUQ_ESTALE);
	consumer_fini(&a);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* Its last consumer goes and another comes, again and again: each gets a topic that works, or is told to look again. */
static void ephemeral_topic_survives_churn(void **state)
{
	engine_up(&e, LOOPS);
	for (int n = 0; n < 300; n++) {
		struct pluq_topic *t = topic_on(&e, n % LOOPS, "t#ephemeral");
		struct consumer c;

		consumer_init(&c, &e);
		c.finishes = true;
		int err = subscribe(&c, t, "c#ephemeral");

		if (err != PLUQ_ESTALE) {
			assert_int_equal(err, 0);
			set_ready(&c, 1);
			assert_int_equal(publish(&e, (n + 1) % LOOPS, t, n, 1), 0);
			assert_true(has_got(&c, 1));
			assert_true(got_in_order(&c, n, 1));
			unsubscribe(&c);
		}
		consumer_fini(&c);
		topic_drop(t);
	}
	assert_true(topic_is_gone("t#ephemeral"));
	assert_int_equal(engine_down(&e), 0);
}

/* A durable channel of an ephemeral topic spills, but leaves nothing behind. */
static void durable_channel_of_an_ephemeral_topic_leaves_nothing(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 2;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t#ephemeral");

	consume(&c, &e, t, "c", 0);
	for (int n = 0; n < 10; n++)
		assert_int_equal(publish(&e, 0, t, n, 1), 0);
	assert_true(channel_becomes(&e, "t#ephemeral", "c", 10, 0, 0));
	set_ready(&c, 3);
	assert_true(has_got(&c, 10));
	assert_true(got_in_order(&c, 0, 10));
	set_ready(&c, 0);
	assert_int_equal(publish(&e, 0, t, 10, 10), 0);
	assert_false(mock_has_saved(&e.storage, "t#ephemeral"));
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_true(mock_queue(&e.storage, "t#ephemeral:c")->was_removed);
	assert_false(mock_has_saved(&e.storage, "t#ephemeral"));
}

/* ---- metadata ---- */

static void pause_is_answered_after_it_was_saved(void **state)
{
	struct request pausing = {.what = PLUQ_TOPIC_PAUSE, .topic = "t"};

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	mock_block_save(&e.storage, true);
	begin_request(&pausing);
	clock_leap(&e.loops, 1 * SEC);
	assert_true(until_at_least(&e.storage.saving, 1));
	settle(&e);
	assert_int_equal(pausing.answered, 0);
	mock_block_save(&e.storage, false);
	assert_true(until_at_least(&pausing.answered, 1));
	assert_int_equal(pausing.status, 0);
	mock_fail_saves(&e.storage, 1);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_UNPAUSE, "t", NULL), PLUQ_EIO);
	clock_leap(&e.loops, 2 * SEC);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_true(e.storage.saved[0].paused);

	engine_up(&e, LOOPS); /* and it is paused after the restart */
	t = topic_on(&e, 0, "t");
	struct pluq_topic_stats ts;

	assert_true(topic_stats(&e, "t", &ts));
	assert_true(ts.paused);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void make_many(void *arg)
{
	for (int n = 0; n < 10000; n++) {
		char name[32];
		struct pluq_topic *t;

		snprintf(name, sizeof(name), "topic-%d", n);
		if (pluq__broker_table.topic_get(&e.host.pub, name, strlen(name), true, &t, NULL, NULL) < 0)
			abort();
		pluq__broker_table.topic_unref(t);
	}
}

static void creations_in_a_burst_are_saved_in_few_steps(void **state)
{
	engine_up(&e, LOOPS);
	int before = e.storage.saves;

	on_loop(&e.loops, 0, make_many, NULL);
	clock_leap(&e.loops, 150 * MS);
	for (int n = 0; n < 50000 && !mock_has_saved(&e.storage, "topic-9999"); n++)
		look_again_soon();
	assert_true(mock_has_saved(&e.storage, "topic-9999"));
	assert_in_range(e.storage.saves - before, 1, 3);
	settle(&e);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(e.storage.saved_count, 10000);
}

static void first_publishes_to_many_topics_share_saves(void **state)
{
	enum { COUNT = 500 };
	static struct pub pubs[COUNT];
	struct pluq_topic *t[COUNT];

	e.limits.mem_queue_size = 0; /* each waits for its name */
	engine_up(&e, LOOPS);
	int before = e.storage.saves;

	for (int n = 0; n < COUNT; n++) {
		char name[32];

		snprintf(name, sizeof(name), "topic-%d", n);
		t[n] = topic_on(&e, 0, name);
	}
	mock_block_save(&e.storage, true);
	for (int n = 0; n < COUNT; n++)
		pub_begin(&pubs[n], &e, LOOPS - 1, t[n], n, 1, 0);
	settle(&e);
	mock_block_save(&e.storage, false);
	for (int n = 0; n < COUNT; n++)
		assert_int_equal(pub_wait(&pubs[n]), 0);
	assert_in_range(e.storage.saves - before, 1, 12);
	for (int n = 0; n < COUNT; n++)
		topic_drop(t[n]);
	assert_int_equal(engine_down(&e), 0);
}

/* Creations are gathered for 100 ms, but not while a publisher waits: twenty of them would take two seconds. */
static void first_publish_does_not_wait_for_the_gathering(void **state)
{
	int64_t start;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	start = pluq__clock_mono_ns();
	for (int n = 0; n < 20; n++) {
		char name[32];

		snprintf(name, sizeof(name), "topic-%d", n);
		struct pluq_topic *t = topic_on(&e, n % LOOPS, name);

		assert_int_equal(publish(&e, 0, t, n, 1), 0);
		topic_drop(t);
	}
	assert_true(pluq__clock_mono_ns() - start < 1500 * MS);
	assert_int_equal(engine_down(&e), 0);
}

static void publisher_of_a_new_topic_is_told_that_it_cannot_be_named(void **state)
{
	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	mock_fail_saves(&e.storage, 1);
	assert_int_equal(publish(&e, 0, t, 0, 1), PLUQ_EIO);
	assert_false(health(&e).storage_ok);
	assert_int_equal(publish(&e, 0, t, 1, 1), 0);
	assert_true(health(&e).storage_ok);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t")), 1);
}

/* ---- snapshots ---- */

static void make_one(void *arg)
{
	const char *name = arg;
	struct pluq_topic *t = NULL;

	if (pluq__broker_table.topic_get(&e.host.pub, name, strlen(name), true, &t, NULL, NULL) < 0)
		abort();
	pluq__broker_table.topic_unref(t);
}

static _Atomic int snapshots;
static _Atomic int unsorted, wrong_counts;

static void check_snapshot(const struct pluq_stats *s)
{
	for (size_t i = 0; i < s->topic_count; i++) {
		const struct pluq_topic_stats *t = &s->topics[i];

		unsorted += i && strcmp(s->topics[i - 1].name, t->name) >= 0;
		for (size_t c = 0; c < t->channel_count; c++)
			unsorted += c && strcmp(t->channels[c - 1].name, t->channels[c].name) >= 0;
		if (strcmp(t->name, "steady") == 0)
			wrong_counts += t->message_count != 5 || t->channel_count != 2 || t->channels[0].depth != 5;
	}
}

static void on_snapshot(void *arg, int status, struct pluq_stats *s)
{
	if (!status)
		check_snapshot(s);
	pluq__broker_table.stats_free(s);
	snapshots++;
}

static void take_snapshot(void *arg)
{
	if (pluq__broker_table.stats(&e.host.pub, NULL, on_snapshot, NULL) < 0)
		abort();
}

/* Enough topics that a snapshot takes several slices, while some come and go. */
static void snapshots_are_whole_while_topics_come_and_go(void **state)
{
	struct request deletions[50];
	char names[50][32], fresh[50][32];

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "steady");

	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "steady", "b"), 0);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "steady", "a"), 0);
	assert_int_equal(publish(&e, 0, t, 0, 5), 0);
	on_loop(&e.loops, 0, make_many, NULL);
	snapshots = unsorted = wrong_counts = 0;
	for (int round = 0; round < 10; round++) {
		for (int n = 0; n < 50; n++) {
			snprintf(names[n], sizeof(names[n]), "topic-%d", round * 977 + n);
			snprintf(fresh[n], sizeof(fresh[n]), "fresh-%d-%d", round, n);
			deletions[n] = (struct request){.what = PLUQ_TOPIC_DELETE, .topic = names[n]};
		}
		post_to_loop(&e.loops, LOOPS - 1, take_snapshot, NULL);
		for (int n = 0; n < 50; n++) {
			begin_request(&deletions[n]);
			on_loop(&e.loops, 0, make_one, fresh[n]);
			if (n % 10 == 0)
				post_to_loop(&e.loops, n % LOOPS, take_snapshot, NULL);
		}
		clock_leap(&e.loops, 200 * MS);
		for (int n = 0; n < 50; n++)
			assert_true(until_at_least(&deletions[n].answered, 1));
	}
	assert_true(until_at_least(&snapshots, 60));
	assert_int_equal(unsorted, 0);
	assert_int_equal(wrong_counts, 0);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static size_t topics_seen;
static bool saw_last;

static void on_whole(void *arg, int status, struct pluq_stats *s)
{
	topics_seen = s->topic_count;
	for (size_t i = 0; i < s->topic_count; i++)
		saw_last |= strcmp(s->topics[i].name, "topic-9999") == 0;
	pluq__broker_table.stats_free(s);
	snapshots++;
}

static struct request around[150];
static char around_names[150][32];

/* The deletions come between the slices, and take away the topics at which the slices end. */
static void snapshot_and_delete(void *arg)
{
	if (pluq__broker_table.stats(&e.host.pub, NULL, on_whole, NULL) < 0)
		abort();
	for (int n = 0; n < 150; n++) {
		snprintf(around_names[n], sizeof(around_names[n]), "topic-%d", 985 + n / 30 * 1000 + n % 30);
		around[n] = (struct request){.what = PLUQ_TOPIC_DELETE, .topic = around_names[n]};
		ask(&around[n]);
	}
}

static void snapshot_goes_on_behind_a_topic_that_goes(void **state)
{
	engine_up(&e, LOOPS);
	on_loop(&e.loops, 0, make_many, NULL);
	snapshots = 0;
	saw_last = false;
	on_loop(&e.loops, 0, snapshot_and_delete, NULL);
	assert_true(until_at_least(&snapshots, 1));
	settle(&e);
	assert_true(saw_last);
	assert_in_range(topics_seen, 10000 - 150, 10000);
	for (int n = 0; n < 150; n++)
		assert_true(until_at_least(&around[n].answered, 1));
	assert_int_equal(engine_down(&e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, topics_are_found_or_made),
	    TEST_ON(3, topics_are_found_or_made),
	    TEST_ON(1, empty_drops_everything_a_channel_has),
	    TEST_ON(3, empty_drops_everything_a_channel_has),
	    TEST_ON(1, empty_drops_what_waits_in_a_topic),
	    TEST_ON(1, failed_empty_is_told),
	    TEST_ON(1, deletion_of_a_topic_ends_all_of_it),
	    TEST_ON(3, deletion_of_a_topic_ends_all_of_it),
	    TEST_ON(1, creation_waits_for_a_deletion_that_hangs),
	    TEST_ON(3, creation_waits_for_a_deletion_that_hangs),
	    TEST_ON(1, ids_of_a_new_topic_lie_above_the_deleted_ones),
	    TEST_ON(1, deletion_of_a_channel_leaves_its_siblings),
	    TEST_ON(3, deletion_of_a_channel_leaves_its_siblings),
	    TEST_ON(1, deletion_of_a_channel_answers_open_publishes),
	    TEST_ON(3, deletion_of_a_channel_answers_open_publishes),
	    TEST_ON(1, deletion_of_a_channel_does_not_pin_the_topics_records),
	    TEST_ON(1, failing_metadata_do_not_keep_a_topic_alive),
	    TEST_ON(1, ephemeral_channel_goes_with_its_last_consumer),
	    TEST_ON(1, ephemeral_queues_drop_what_does_not_fit),
	    TEST_ON(1, ephemeral_channel_without_memory_passes_to_who_waits),
	    TEST_ON(1, ephemeral_topic_goes_with_its_last_channel),
	    TEST_ON(3, ephemeral_topic_goes_with_its_last_channel),
	    TEST_ON(1, ephemeral_topic_survives_churn),
	    TEST_ON(3, ephemeral_topic_survives_churn),
	    TEST_ON(1, durable_channel_of_an_ephemeral_topic_leaves_nothing),
	    TEST_ON(1, pause_is_answered_after_it_was_saved),
	    TEST_ON(3, pause_is_answered_after_it_was_saved),
	    TEST_ON(1, creations_in_a_burst_are_saved_in_few_steps),
	    TEST_ON(1, first_publishes_to_many_topics_share_saves),
	    TEST_ON(3, first_publishes_to_many_topics_share_saves),
	    TEST_ON(1, first_publish_does_not_wait_for_the_gathering),
	    TEST_ON(3, first_publish_does_not_wait_for_the_gathering),
	    TEST_ON(1, publisher_of_a_new_topic_is_told_that_it_cannot_be_named),
	    TEST_ON(1, snapshot_goes_on_behind_a_topic_that_goes),
	    TEST_ON(1, snapshots_are_whole_while_topics_come_and_go),
	    TEST_ON(3, snapshots_are_whole_while_topics_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
