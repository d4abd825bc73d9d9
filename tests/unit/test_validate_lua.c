/* validate-lua: what its answers become, limits, start, reload, several loops. */
#include "cmocka_all.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lua_rig.h"

extern const struct pluq_plugin pluq_plugin_entry;

static struct lua_rig rig;

static int set_up(void **state)
{
	lua_rig_init(&rig, 1);
	return 0;
}

static int tear_down(void **state)
{
	lua_rig_fini(&rig);
	return 0;
}

static void rejects(const char *body, const char *reason)
{
	assert_int_equal(lua_rig_judge(&rig, "orders", body), PLUQ_REJECT);
	assert_string_equal(rig.finding.reason, reason);
}

static void diverts(const char *body, const char *topic)
{
	assert_int_equal(lua_rig_judge(&rig, "orders", body), PLUQ_DIVERT);
	assert_string_equal(rig.finding.topic, topic);
}

static void accepts(const char *body)
{
	if (lua_rig_judge(&rig, "orders", body) != PLUQ_ACCEPT)
		fail_msg("'%s' is refused: %s", body, rig.finding.reason);
}

static void answers(void **state)
{
	lua_rig_start(&rig, "local answers = {yes = {true}, no = {false, 'too bad'}, silent = {false}, number = {false, 42},\n"
	                    "table = {false, {}}, other = {'bad.orders'}, temporary = {'bad#ephemeral'}, same = {'orders'}, extra = {true, 'x'},\n"
	                    "none = {}, zero = {0}, object = {{}}, space = {'no topic'}, empty = {''}, long = {('t'):rep(65)},\n"
	                    "bytes = {'a\\0\\n'}, raised = {false, ''}}\n"
	                    "function validate(topic, body) return table.unpack(answers[body]) end");
	accepts("yes");
	accepts("extra");
	accepts("same");
	rejects("no", "too bad");
	rejects("silent", "the script says no");
	rejects("raised", "the script says no");
	rejects("table", "the script says no");
	rejects("number", "42");
	diverts("other", "bad.orders");
	diverts("temporary", "bad#ephemeral");
	assert_int_equal(lua_rig_sample(&rig, "validate_lua_failures", "answer"), 0);
	rejects("none", "the script returned nil instead of true, false or a topic");
	rejects("zero", "the script returned number instead of true, false or a topic");
	rejects("object", "the script returned table instead of true, false or a topic");
	rejects("space", "the script returned 'no topic', which is not a topic's name");
	rejects("empty", "the script returned '', which is not a topic's name");
	rejects("bytes", "the script returned 'a?" "?', which is not a topic's name");
	assert_int_equal(lua_rig_judge(&rig, "orders", "long"), PLUQ_REJECT);
	assert_int_equal(lua_rig_sample(&rig, "validate_lua_failures", "answer"), 7);
	rejects("what?", "script error: check.lua:5: bad argument #1 to 'unpack' (table expected, got nil)");
	assert_int_equal(lua_rig_sample(&rig, "validate_lua_failures", "error"), 1);
	assert_true(mock_host_logged(&rig.host, PLUQ_WARN, "a message for orders was rejected: the script returned nil"));
	assert_int_equal(rig.host.lines[PLUQ_WARN], 1); /* the others came too soon after it */
}

static void arguments(void **state)
{
	static const uint8_t body[] = { 0, 0xff, '\n', 0, 'x' };

	lua_rig_start(&rig, "function validate(topic, body, ...)\n"
	                    "  return topic == 'a.b-c_d#ephemeral' and body == '\\0\\xff\\n\\0x' and select('#', ...) == 0, #body\nend");
	assert_int_equal(lua_rig_judge_on(&rig, 0, "a.b-c_d#ephemeral", body, sizeof(body)), PLUQ_ACCEPT);
	rejects("", "0");
}

static void reasons_are_cut(void **state)
{
	lua_rig_start(&rig, "function validate(topic, body) return false, body end");
	char body[600], wanted[256];

	memset(body, 'x', sizeof(body));
	body[599] = 0;
	memset(wanted, 'x', 255);
	wanted[255] = 0;
	rejects(body, wanted);
	memcpy(body + 254, "\xc3\xa4", 2); /* would end at 256 */
	wanted[254] = 0;
	rejects(body, wanted);
	memcpy(body + 253, "\xc3\xa4", 2);
	memcpy(wanted + 253, "\xc3\xa4", 3);
	body[255] = 'x';
	rejects(body, wanted);
	rejects("a\r\nb\tc\x7f \xc2\x85 \xe2\x80\xa8 \xff \xc3", "a?" "?b?c? ? ? ? ?");
	rejects("\xe2\x82\xac \xf0\x9f\x98\x80 \xed\xa0\x80 \xc0\x80", "\xe2\x82\xac \xf0\x9f\x98\x80 ?" "?" "? ?" "?");
}

static void errors_name_the_line(void **state)
{
	lua_rig_start(&rig, "function validate(topic, body)\n  if body == 'e' then error('kaput') end\n"
	                    "  if body == 't' then error({}) end\n  return body.x.y\nend");
	rejects("e", "script error: check.lua:2: kaput");
	rejects("t", "script error: an error that is not a text");
	rejects("i", "script error: check.lua:4: attempt to index a nil value (field 'x')");
}

/* Scripts that must not start, and why. */
static void what_stops_it(void **state)
{
	static const struct {
		const char *script, *why;
	} cases[] = {
		{ "function validate(", "/check.lua:1: <name> or '...' expected near <eof>" },
		{ "\n\nx = = 1", "/check.lua:3: unexpected symbol near '='" },
		{ "function check() end", "/check.lua: there is no function validate" },
		{ "validate = 1", "/check.lua: there is no function validate" },
		{ "error('not today')", "/check.lua:1: not today" },
		{ "while true do end", "/check.lua: takes more than 10 times max_instructions to start" },
		{ "local t = {} for i = 1, 1e9 do t[i] = {} end", "/check.lua: needs more than max_memory to start" },
		{ "\x1bLua", "/check.lua: attempt to load a binary chunk" },
		{ "require 'os'", "/check.lua:1: attempt to call a nil value (global 'require')" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(lua_rig_try(&rig, cases[i].script), PLUQ_EINVAL);
		if (strncmp(rig.why.text, "script: /tmp/", 13) != 0 || !strstr(rig.why.text, cases[i].why))
			fail_msg("'%s': %s", cases[i].script, rig.why.text);
		assert_null(strchr(rig.why.text, '\n'));
	}
	unlink(rig.path);
	assert_int_equal(pluq_plugin_entry.init(&rig.host.pub, rig.conf, &rig.self, &rig.why), PLUQ_EINVAL);
	assert_non_null(strstr(rig.why.text, "check.lua: cannot be opened: No such file or directory"));
	strcpy(rig.path, rig.dir);
	assert_int_equal(pluq_plugin_entry.init(&rig.host.pub, rig.conf, &rig.self, &rig.why), PLUQ_EINVAL);
	assert_non_null(strstr(rig.why.text, "is not a file"));
}

static void a_byte_order_mark_is_passed_over(void **state)
{
	lua_rig_start(&rig, "\xef\xbb\xbf" "function validate() return true end");
	accepts("x");
}

static void globals_stay_and_go_with_a_reload(void **state)
{
	const char *script = "count = 0\nfunction validate() count = count + 1 return false, count end";

	lua_rig_start(&rig, script);
	rejects("", "1");
	rejects("", "2");
	assert_int_equal(lua_rig_reload(&rig), 0);
	rejects("", "1");
}

static void a_reload_takes_all_or_nothing(void **state)
{
	lua_rig_start(&rig, "function validate() return false, 'old' end");
	lua_rig_write(&rig, "function validate()\n  return false, 'new'\n");
	assert_int_equal(lua_rig_reload(&rig), PLUQ_EINVAL);
	assert_non_null(strstr(rig.why.text, "/check.lua:3: 'end' expected (to close 'function' at line 1) near <eof>"));
	rejects("", "old");
	lua_rig_write(&rig, "function validate() return false, 'new' end");
	rejects("", "old");
	assert_int_equal(lua_rig_reload(&rig), 0);
	rejects("", "new");
	/* Two reloads before a loop has seen the first. */
	assert_int_equal(pluq_plugin_entry.reload(rig.self, rig.conf, &rig.why), 0);
	assert_int_equal(lua_rig_reload(&rig), 0);
	rejects("", "new");
}

static void limits_can_be_changed(void **state)
{
	lua_rig_start(&rig, "function validate(_, body) for i = 1, tonumber(body) do end return true end");
	accepts("100000");
	lua_rig_set(&rig, "max_instructions", 10000);
	assert_int_equal(lua_rig_reload(&rig), 0);
	rejects("100000", "the script took too long");
	accepts("1000");
	assert_int_equal(lua_rig_sample(&rig, "validate_lua_failures", "instructions"), 1);
}

static void a_filled_state_is_made_anew(void **state)
{
	lua_rig_set(&rig, "max_memory", 1 << 20);
	lua_rig_start(&rig, "local kept, n = {}, 0\nfunction validate(_, body)\n  n = n + 1\n"
	                    "  if body == 'keep' then for i = 1, 1e5 do kept[i] = {} end end\n"
	                    "  if body == 'drop' then local t = {} for i = 1, 1e5 do t[i] = {} end end\n  return false, n\nend");
	rejects("", "1");
	rejects("drop", "the script ran out of memory");
	rejects("", "3"); /* garbage: the state goes on */
	assert_int_equal(lua_rig_sample(&rig, "validate_lua_restarts", NULL), 0);
	rejects("keep", "the script ran out of memory");
	rejects("", "1");
	assert_int_equal(lua_rig_sample(&rig, "validate_lua_restarts", NULL), 1);
	assert_int_equal(lua_rig_sample(&rig, "validate_lua_failures", "memory"), 2);
	assert_true(lua_rig_sample(&rig, "validate_lua_memory", NULL) > 1000);
	assert_true(lua_rig_sample(&rig, "validate_lua_memory", NULL) < 1 << 20);
}

static void large_bodies(void **state)
{
	static char body[(8 << 20) + 1];
	size_t n = sizeof(body) - 1;

	memset(body, 'x', n);
	lua_rig_start(&rig, "function validate(_, body) return false, #body end");
	for (int i = 0; i < 10; i++)
		rejects(body, "8388608");
	lua_rig_set(&rig, "max_memory", 4 << 20);
	assert_int_equal(lua_rig_reload(&rig), 0);
	rejects(body, "the script ran out of memory");
	rejects("", "0");
}

/* What earlier messages have left behind is collected, and is not this one's lack of memory. */
static void garbage_is_no_lack_of_memory(void **state)
{
	static char body[(3 << 20) + 1];

	memset(body, 'x', sizeof(body) - 1);
	lua_rig_start(&rig, "local kept = ('x'):rep(3e6)\nfunction validate(_, body)\n"
	                    "  return #(body == 'own' and kept or body):upper() > 0\nend");
	for (int i = 0; i < 30; i++)
		accepts("own");
	for (int i = 0; i < 30; i++)
		accepts(body);
	assert_int_equal(lua_rig_sample(&rig, "validate_lua_failures", "memory"), 0);
}

/* Closing variables and what else is run when it is over get no further. */
static void nothing_runs_when_it_is_over(void **state)
{
	lua_rig_start(&rig, "local ran, mt = 0, {}\nfunction mt.__close() ran = ran + 1 local t = {} end\n"
	                    "local function deep(n)\n  local x <close> = setmetatable({}, mt)\n"
	                    "  if n > 0 then return (deep(n - 1)) end\n  return ('x'):rep(1 << 24)\nend\n"
	                    "function validate(_, body) if body == 'deep' then deep(100) end return false, ran end");
	rejects("deep", "the script took too long");
	rejects("", "0");
}

/* Too little memory for a state, its library or its script: an error each, at whatever point it is that memory ends. */
static void a_start_without_memory(void **state)
{
	int started = 0;

	for (int64_t most = 0; most < 40000; most += 61) {
		lua_rig_set(&rig, "max_memory", most);
		if (lua_rig_try(&rig, "local t = {} for i = 1, 100 do t[i] = {} end\nfunction validate() return true end") == 0)
			started++;
		else
			assert_true(*rig.why.text);
		lua_rig_stop(&rig);
	}
	assert_true(started > 0);
}

/* --- a system without memory */

static bool starving;

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

/* What the budget allocates with; compilers make the one of the other where there is no block yet. */
void *__wrap_realloc(void *block, size_t size)
{
	return starving && size > 1 << 20 ? NULL : __real_realloc(block, size);
}

void *__wrap_malloc(size_t size)
{
	return starving && size > 1 << 20 ? NULL : __real_malloc(size);
}

/* That is no verdict on the message. */
static void a_system_without_memory(void **state)
{
	static const char *const bodies[] = {"local s = ('x'):rep(4e6)", "local s = body .. body",
	    "local t = {} for i = 1, 1e5 do t[i] = i end"};
	char body[700001] = "", script[400];

	memset(body, ' ', sizeof(body) - 1);
	lua_rig_set(&rig, "max_instructions", 100000000);
	lua_rig_set(&rig, "max_memory", 64 << 20);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		snprintf(script, sizeof(script), "function validate(_, body)\n%s\nreturn true end", bodies[i]);
		lua_rig_start(&rig, script);
		for (int round = 0; round < 3; round++) {
			starving = round == 1;
			if (lua_rig_judge(&rig, "t", body) != (starving ? PLUQ_ENOMEM : PLUQ_ACCEPT))
				fail_msg("%s, round %d: %s", bodies[i], round, rig.finding.reason);
			if (starving)
				assert_string_equal(rig.finding.reason, "cannot be judged: out of memory");
		}
		assert_true(lua_rig_sample(&rig, "validate_lua_failures", "memory") == 0);
		assert_true(lua_rig_sample(&rig, "validate_lua_failures", "error") == 0);
		lua_rig_stop(&rig);
	}
}

/* --- several loops */

enum { LOOPS = 4, RELOADS = 60 };

static struct loops {
	struct lua_rig rig;
	atomic_uint begun, wrong; /* begun: times that loop_begin is wanted */
	atomic_bool over;
	atomic_ulong judged;
} loops;

/* What a loop thread does: judges, and begins when it is told to. */
static void *loop_main(void *arg)
{
	const struct pluq_validator_ops *ops = pluq_plugin_entry.ops;
	uint32_t loop = (uint32_t)(uintptr_t)arg;
	unsigned seen = 0;

	while (!atomic_load(&loops.over)) {
		static const char *const bodies[] = { "good", "bad", "spin", "grow" };
		static const int wanted[] = { PLUQ_ACCEPT, PLUQ_REJECT, PLUQ_REJECT, PLUQ_REJECT };
		unsigned now = atomic_load(&loops.begun);

		if (now != seen && ops->loop_begin(loops.rig.self, loop))
			atomic_fetch_add(&loops.wrong, 1);
		seen = now;
		for (int i = 0; i < 4; i++) {
			struct pluq_candidate c = { .size = sizeof(c), .loop = loop, .topic = "t", .topic_length = 1,
				.body = (const uint8_t *)bodies[i], .length = strlen(bodies[i]) };
			struct pluq_finding finding;

			if (ops->judge(loops.rig.self, &c, &finding) != wanted[i])
				atomic_fetch_add(&loops.wrong, 1);
		}
		atomic_fetch_add(&loops.judged, 4);
	}
	return NULL;
}

static void loops_judge_while_it_is_reloaded(void **state)
{
	static const char script[] = "local kept = {}\nfunction validate(_, body)\n  if body == 'spin' then while true do end end\n"
	                             "  if body == 'grow' then while true do kept[#kept + 1] = body end end\n  return body == 'good'\nend";
	pthread_t threads[LOOPS];

	lua_rig_init(&loops.rig, LOOPS);
	lua_rig_set(&loops.rig, "max_instructions", 20000);
	lua_rig_set(&loops.rig, "max_memory", 256 << 10);
	lua_rig_start(&loops.rig, script);
	for (uintptr_t i = 0; i < LOOPS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, loop_main, (void *)i), 0);
	for (int i = 0; i < RELOADS; i++) {
		unsigned long before = atomic_load(&loops.judged);

		lua_rig_write(&loops.rig, i % 3 == 2 ? "function validate(" : script);
		assert_int_equal(pluq_plugin_entry.reload(loops.rig.self, loops.rig.conf, &loops.rig.why), i % 3 == 2 ? PLUQ_EINVAL : 0);
		atomic_fetch_add(&loops.begun, 1);
		while (atomic_load(&loops.judged) < before + 8 * LOOPS)
			sched_yield();
	}
	atomic_store(&loops.over, true);
	for (size_t i = 0; i < LOOPS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&loops.wrong), 0);
	assert_true(lua_rig_sample(&loops.rig, "validate_lua_failures", "instructions") > 0);
	lua_rig_fini(&loops.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(arguments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reasons_are_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(errors_name_the_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_stops_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_byte_order_mark_is_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(globals_stay_and_go_with_a_reload, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reload_takes_all_or_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(limits_can_be_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_filled_state_is_made_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(large_bodies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(garbage_is_no_lack_of_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_runs_when_it_is_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_start_without_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_system_without_memory, set_up, tear_down),
		cmocka_unit_test(loops_judge_while_it_is_reloaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
