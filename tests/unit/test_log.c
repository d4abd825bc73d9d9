#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/log.h"

static char folder[64], path[96];

static int make_folder(void **state)
{
	strcpy(folder, "/tmp/pluq-log-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/log", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char old[128];

	snprintf(old, sizeof(old), "%s.1", path);
	unlink(old);
	unlink(path);
	return rmdir(folder);
}

static char *content(const char *name)
{
	char *text = calloc(1, 4 << 20);
	FILE *f = fopen(name, "r");

	assert_non_null(text);
	if (f) {
		assert_true(fread(text, 1, (4 << 20) - 1, f) < (4 << 20) - 1);
		fclose(f);
	}
	return text;
}

static void open_log(enum pluq_level level)
{
	struct pluq_why why = { "" };

	assert_int_equal(pluq__log_open(level, path, &why), 0);
	assert_int_equal(pluq__log_start(), 0);
}

/* How many lines the extended expression matches. */
static int lines_like(const char *text, const char *expression)
{
	regmatch_t match;
	regex_t r;
	int n = 0;

	assert_int_equal(regcomp(&r, expression, REG_EXTENDED | REG_NEWLINE), 0);
	for (; regexec(&r, text, 1, &match, 0) == 0; text += match.rm_eo + 1, n++)
		if (!text[match.rm_eo])
			break;
	regfree(&r);
	return n;
}

static void lines_have_their_form(void **state)
{
	char *text;

	open_log(PLUQ_INFO);
	errno = EAGAIN;
	pluq__log(PLUQ_WARN, "plug", "two\nlines and %d\ttab", 1);
	assert_int_equal(errno, EAGAIN);
	pluq__log(PLUQ_DEBUG, "plug", "off");
	assert_false(pluq__log_on(PLUQ_DEBUG));
	pluq__log_set_level(PLUQ_DEBUG);
	pluq__log(PLUQ_DEBUG, "plug", "on");
	pluq__log_stop();
	text = content(path);
	assert_int_equal(lines_like(text, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z warn plug: "
	                                  "two lines and 1 tab$"), 1);
	assert_int_equal(lines_like(text, " debug plug: on$"), 1);
	assert_int_equal(lines_like(text, "off"), 0);
	free(text);
}

static void long_lines_are_cut(void **state)
{
	char *text, *line = calloc(1, 10000);

	memset(line, 'x', 9999);
	open_log(PLUQ_INFO);
	pluq__log(PLUQ_INFO, "plug", "%s", line);
	pluq__log(PLUQ_INFO, "plug", "next");
	pluq__log_stop();
	text = content(path);
	assert_int_equal(strcspn(text, "\n"), 2046); /* the buffer of a line, less the break and a terminator */
	assert_int_equal(lines_like(text, " info plug: next$"), 1);
	free(text);
	free(line);
}

#define THREADS 4
#define LINES 5000

static void *write_many(void *arg)
{
	for (int i = 0; i < LINES; i++)
		pluq__log(PLUQ_INFO, arg, "line %d", i);
	return NULL;
}

/* A number that stands before the words, summed over all lines that have them. */
static long sum_before(const char *text, const char *words)
{
	long sum = 0;

	for (const char *at = text; (at = strstr(at, words)); at++) {
		const char *digit = at;

		while (digit > text && digit[-1] >= '0' && digit[-1] <= '9')
			digit--;
		sum += atol(digit);
	}
	return sum;
}

static void no_line_is_lost_without_being_counted(void **state)
{
	static char names[THREADS][2] = { "a", "b", "c", "d" };
	pthread_t threads[THREADS];
	char *text;

	open_log(PLUQ_INFO);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, names[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pluq__log_stop();
	text = content(path);
	assert_int_equal(lines_like(text, " info [a-d]: line [0-9]+$") + sum_before(text, " lines dropped"), THREADS * LINES);
	free(text);
}

/* A pipe that nobody reads: callers go on, what does not fit is counted, and the end comes all the same. */
static void a_hanging_reader_holds_up_nobody(void **state)
{
	char fifo[128], *text = calloc(1, 4 << 20);
	struct pluq_why why = { "" };
	int64_t began;
	size_t n = 0;
	ssize_t more;
	int reader;

	snprintf(fifo, sizeof(fifo), "%s.1", path);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	reader = open(fifo, O_RDONLY | O_NONBLOCK);
	assert_int_equal(pluq__log_open(PLUQ_INFO, fifo, &why), 0);
	assert_int_equal(pluq__log_start(), 0);
	began = pluq__clock_mono_ns();
	for (int i = 0; i < 20000; i++)
		pluq__log(PLUQ_INFO, "plug", "a line of some length, of which there are far too many: %d", i);
	assert_true(pluq__clock_mono_ns() - began < 5 * PLUQ__SEC);
	pluq__log_stop();
	assert_true(pluq__clock_mono_ns() - began < 15 * PLUQ__SEC);
	while ((more = read(reader, text + n, (4 << 20) - 1 - n)) > 0)
		n += (size_t)more;
	assert_true(lines_like(text, "far too many: [0-9]+$") > 100);
	assert_true(lines_like(text, "far too many: [0-9]+$") < 20000);
	close(reader);
	free(text);
}

static void the_file_is_opened_anew(void **state)
{
	char old[128], *text;

	snprintf(old, sizeof(old), "%s.1", path);
	open_log(PLUQ_INFO);
	pluq__log(PLUQ_INFO, "plug", "before");
	pluq__log_stop();
	assert_int_equal(pluq__log_start(), 0);
	assert_int_equal(rename(path, old), 0);
	pluq__log_reopen();
	pluq__log(PLUQ_INFO, "plug", "after");
	pluq__log_stop();
	text = content(old);
	assert_int_equal(lines_like(text, "before$"), 1);
	assert_int_equal(lines_like(text, "after$"), 0);
	free(text);
	text = content(path);
	assert_int_equal(lines_like(text, "after$"), 1);
	free(text);
}

static void a_file_that_cannot_be_opened_is_named(void **state)
{
	struct pluq_why why = { "" };

	assert_int_equal(pluq__log_open(PLUQ_INFO, "/nonexistent/log", &why), PLUQ_EIO);
	assert_non_null(strstr(why.text, "/nonexistent/log: cannot be opened for the log: No such file"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_have_their_form),
		TEST(long_lines_are_cut),
		TEST(no_line_is_lost_without_being_counted),
		TEST(a_hanging_reader_holds_up_nobody),
		TEST(the_file_is_opened_anew),
		TEST(a_file_that_cannot_be_opened_is_named),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
