/* Mailboxes: several producers, one consumer. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "../../daemon/base/mail.h"
#include "cmocka_all.h"

#define PRODUCERS 4
#define LETTERS 50000

struct letter {
	struct pluq__mail mail; /* first */
	int producer, number;
};

static struct pluq__mailbox box;
static struct letter letters[PRODUCERS][LETTERS];
static int wakes[PRODUCERS]; /* puts that found the box empty */

static void *produce(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int n = 0; n < LETTERS; n++) {
		letters[me][n].producer = me;
		letters[me][n].number = n;
		wakes[me] += pluq__mailbox_put(&box, &letters[me][n].mail);
	}
	return NULL;
}

static void mail_keeps_the_order_of_each_producer_and_loses_nothing(void **state)
{
	pthread_t thread[PRODUCERS];
	int next[PRODUCERS] = {0}, got = 0, takes = 0, disorder = 0, woken = 0;

	for (int p = 0; p < PRODUCERS; p++)
		assert_int_equal(pthread_create(&thread[p], NULL, produce, (void *)(intptr_t)p), 0);
	while (got < PRODUCERS * LETTERS) {
		struct pluq__mail *list = pluq__mailbox_take(&box);

		takes += list != NULL;
		if (!list)
			sched_yield();
		for (; list; list = list->next, got++) {
			struct letter *l = (struct letter *)list;

			disorder += l->number != next[l->producer]++;
		}
	}
	for (int p = 0; p < PRODUCERS; p++) {
		pthread_join(thread[p], NULL);
		assert_int_equal(next[p], LETTERS);
		woken += wakes[p];
	}
	assert_int_equal(disorder, 0);
	assert_int_equal(woken, takes); /* one wake-up per batch: not one more, and never none */
	assert_null(pluq__mailbox_take(&box));
}

static void mail_asks_for_a_wake_up_only_when_the_box_was_empty(void **state)
{
	static struct pluq__mailbox b;
	struct pluq__mail m[3] = {{0}};

	assert_true(pluq__mailbox_put(&b, &m[0]));
	assert_false(pluq__mailbox_put(&b, &m[1]));
	assert_false(pluq__mailbox_put(&b, &m[2]));
	struct pluq__mail *list = pluq__mailbox_take(&b);

	assert_ptr_equal(list, &m[0]);
	assert_ptr_equal(list->next, &m[1]);
	assert_ptr_equal(list->next->next, &m[2]);
	assert_null(list->next->next->next);
	assert_true(pluq__mailbox_put(&b, &m[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mail_keeps_the_order_of_each_producer_and_loses_nothing),
	    cmocka_unit_test(mail_asks_for_a_wake_up_only_when_the_box_was_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
