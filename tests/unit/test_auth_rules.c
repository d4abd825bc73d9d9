/* Files of entries and grants. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../plugins/auth/common/rules.h"
#include "mock_asker.h"

static struct mock_asker host;
static struct pluq_why why;

static int parse(struct rules *r, const char *text)
{
	why.text[0] = 0;
	return rules_parse(r, "FILE", text, strlen(text), &why);
}

/* What the entry at that place says, as the daemon is told. */
static const char *said(const struct rules *r, size_t entry)
{
	static struct pluq_auth_call call;

	call = (struct pluq_auth_call){0};
	rules_grant(r, &r->entries[entry], host.host.pub.auth, &call);
	return call.text;
}

static void entries_have_words_and_grants(void **state)
{
	struct rules r;

	assert_int_equal(parse(&r, "# a file\n\none two\n\tsubscribe ^a$\n  publish,subscribe  ^b$\tx y # why\n\nthree#4\r\n"), 0);
	assert_int_equal(r.entry_count, 2);
	assert_int_equal(r.entries[0].line, 3);
	assert_int_equal(r.entries[0].word_count, 2);
	assert_string_equal(rules_word(&r, &r.entries[0], 0)->text, "one");
	assert_string_equal(rules_word(&r, &r.entries[0], 1)->text, "two");
	assert_int_equal(rules_word(&r, &r.entries[0], 1)->column, 5);
	assert_string_equal(said(&r, 0), "grant s ^a$ .*\ngrant s ^b$ x y\ngrant p ^b$ .*\n");
	assert_string_equal(rules_word(&r, &r.entries[1], 0)->text, "three#4");
	assert_string_equal(said(&r, 1), "");
	rules_free(&r);
}

static void channels_bind_all_but_publishing(void **state)
{
	struct rules r;

	assert_int_equal(parse(&r, "e\n subscribe,publish,admin t c d\n admin t\n subscribe,publish t\n"), 0);
	assert_string_equal(said(&r, 0), "grant sa t c d\ngrant p t .*\ngrant a t .*\ngrant sp t .*\n");
	rules_free(&r);
}

static void quotes_keep_what_is_in_them(void **state)
{
	struct rules r;

	assert_int_equal(parse(&r, "CN=\"John Doe\" \"#x\" a\"b c\"d\n\tsubscribe \"\" \"^#\"\n"), 0);
	assert_int_equal(r.entries[0].word_count, 3);
	assert_string_equal(rules_word(&r, &r.entries[0], 0)->text, "CN=John Doe");
	assert_string_equal(rules_word(&r, &r.entries[0], 1)->text, "#x");
	assert_string_equal(rules_word(&r, &r.entries[0], 2)->text, "ab cd");
	assert_string_equal(said(&r, 0), "grant s  ^#\n");
	rules_free(&r);
}

static void empty_files_and_last_lines(void **state)
{
	static const char *const files[] = {"", "\n", "#", "  # x", "\xef\xbb\xbf", "\r\n\r\n"};
	struct rules r;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		assert_int_equal(parse(&r, files[i]), 0);
		assert_int_equal(r.entry_count, 0);
		rules_free(&r);
	}
	assert_int_equal(parse(&r, "\xef\xbb\xbfname"), 0);
	assert_string_equal(rules_word(&r, &r.entries[0], 0)->text, "name");
	rules_free(&r);
}

static void what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{" publish x\n", "FILE:1:2: a grant (an indented line) before the first entry"},
		{"e\n\tpublis x\n", "FILE:2:2: 'publis' is no permission"},
		{"e\n\tpublish, x\n", "FILE:2:10: '' is no permission"},
		{"e\n\tsubscribe,write x\n", "FILE:2:12: 'write' is no permission"},
		{"e\n\tpublish\n", "FILE:2:9: a pattern for topics is missing"},
		{"e\n\tpublish a b\n", "FILE:2:12: publishing has no channel"},
		{"e\n\tsubscribe (a\n", "FILE:2:12: not a pattern: missing closing parenthesis (at byte 3)"},
		{"e\n\tsubscribe a b [\n", "FILE:2:16: not a pattern: missing terminating ]"},
		{"e \"x\n", "FILE:1:3: a quote that is not closed"},
		{"\ne \x01\n", "FILE:2:3: a control character"},
	};
	struct rules r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(parse(&r, cases[i].text), PLUQ_EINVAL);
		if (strncmp(why.text, cases[i].wanted, strlen(cases[i].wanted)) != 0)
			fail_msg("'%s' instead of '%s'", why.text, cases[i].wanted);
	}
	assert_int_equal(rules_parse(&r, "FILE", "e\0", 2, &why), PLUQ_EINVAL);
	assert_string_equal(why.text, "FILE:1:2: a control character");
}

static void files_that_cannot_be_read(void **state)
{
	struct rules r;

	assert_int_equal(rules_read(&r, NULL, "/nonexistent/file", NULL, &why), PLUQ_EIO);
	assert_string_equal(why.text, "/nonexistent/file: cannot be opened: No such file or directory");
	assert_int_equal(rules_read(&r, NULL, "/", NULL, &why), PLUQ_EIO);
	assert_string_equal(why.text, "/: is not a file");
	assert_int_equal(rules_read(&r, NULL, mock_asker_file("e\n\tpublish x\n"), NULL, &why), 0);
	assert_string_equal(said(&r, 0), "grant p x .*\n");
	rules_free(&r);
}

/* Mode of the file, what is told of it. */
static void files_that_are_everybody_s(void **state)
{
	static const struct {
		mode_t mode;
		const char *inside;
		bool written, read;
	} cases[] = { { 0600, "hashes", false, false }, { 0660, "hashes", false, false }, { 0644, "hashes", false, true }, { 0644, NULL, false, false },
		{ 0662, NULL, true, false }, { 0666, "hashes", true, true } };
	const char *path = mock_asker_file("e\n\tpublish x\n");
	struct rules r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		mock_host_forget(&host.host);
		assert_int_equal(chmod(path, cases[i].mode), 0);
		assert_int_equal(rules_read(&r, &host.host.pub, path, cases[i].inside, &why), 0);
		rules_free(&r);
		assert_int_equal(mock_host_logged(&host.host, PLUQ_WARN, "everybody on this machine may write it"), cases[i].written);
		assert_int_equal(mock_host_logged(&host.host, PLUQ_WARN, "everybody on this machine may read the hashes in it"), cases[i].read);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_have_words_and_grants),
		cmocka_unit_test(channels_bind_all_but_publishing),
		cmocka_unit_test(quotes_keep_what_is_in_them),
		cmocka_unit_test(empty_files_and_last_lines),
		cmocka_unit_test(what_is_wrong_and_where),
		cmocka_unit_test(files_that_cannot_be_read),
		cmocka_unit_test(files_that_are_everybody_s),
	};

	mock_asker_init(&host);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mock_asker_fini(&host);
	return failed;
}
