/* The memory plugin: refuses, keeps nothing, touches no file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pluq/storage.h>

#include "mock_host.h"

extern const struct pluq_plugin pluq_plugin_entry;

static int never(void *arg, const struct pluq_meta_topic *t)
{
	fail();
	return 0;
}

static void keeps_nothing(void **state)
{
	const struct pluq_storage_ops *o = pluq_plugin_entry.ops;
	struct pluq_meta_topic topic = { .name = "t" };
	struct pluq_meta m = { .topics = &topic, .topic_count = 1, .id_ceiling_ns = 5 };
	struct pluq_queue_info info = { .count = 9 };
	struct mock_host host;
	struct pluq_why why;
	void *self, *queue;
	int64_t ceiling = 9;
	mock_host_init(&host);
	assert_int_equal(pluq_plugin_entry.kind, PLUQ_KIND_STORAGE);
	assert_int_equal(o->size, sizeof(*o));
	assert_int_equal(o->flags, PLUQ_STORAGE_ON_LOOP | PLUQ_STORAGE_REJECTS);
	assert_int_equal(pluq_plugin_entry.init(&host.pub, NULL, &self, &why), 0);
	assert_int_equal(o->save(self, &m, &why), 0);
	assert_int_equal(o->load(self, never, NULL, &ceiling, &why), 0);
	assert_int_equal(ceiling, 0);
	assert_int_equal(o->open(self, "t", &info, &queue, &why), 0);
	assert_int_equal(info.count, 0);
	assert_int_equal(o->close(queue, &why), 0);
	pluq_plugin_entry.fini(self);
	mock_host_fini(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(keeps_nothing) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
