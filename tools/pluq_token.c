/* pluq_token: makes entries for the file of auth-token. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "../plugins/auth/token/secret.h"

#define NAME "pluq_token"
#define ROUNDS_DEFAULT 600000
#define TOKEN_BYTES 32
#define SALT_BYTES 16

enum { EXIT_USAGE = 2 };

struct job {
	bool password;
	uint32_t rounds;
	const char *const *grants;
	size_t grant_count;
	const char *name;
};

static const char usage_text[] =
    "usage: " NAME " [options] NAME\n"
    "Makes an entry for the file of the plugin auth-token, and a random secret for it.\n\n"
    "  --grant 'PERMISSIONS TOPIC [CHANNEL...]'  what it may do; repeatable. Permissions are subscribe, publish, admin,\n"
    "                    with commas between; topic and channels are patterns; no channel means every channel\n"
    "  --password        take a password from standard input (its first line) instead of making a secret\n"
    "  --rounds N        of hashing a password, 10000 to 5000000 [600000]\n"
    "  --version, --help\n\n"
    "The entry goes to standard output, the new secret to standard error, once: it is kept nowhere. Clients give\n"
    "NAME:SECRET, or NAME:PASSWORD.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

static void complain(const char *text, const char *about)
{
	fprintf(stderr, NAME ": %s%s%s\n", text, about ? ": " : "", about ? about : "");
}

/* Without padding, with the letters that need no escape in a URL. */
static void base64(const uint8_t *bytes, size_t n, char *out)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t held = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++) {
		held = held << 8 | bytes[i];
		for (bits += 8; bits >= 6; bits -= 6)
			*out++ = letters[held >> (bits - 6) & 63];
	}
	if (bits)
		*out++ = letters[held << (6 - bits) & 63];
	*out = 0;
}

/* --- passwords */

/* The signal that came while a terminal was without echo. */
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* The first line, without its end. -1: there is none, or it is too long. Byte by byte: no buffer keeps a copy of it, nor takes what is
 * behind it. */
static ssize_t read_line(char *out, size_t room)
{
	size_t n = 0;
	char c = 0;

	while (!interrupted) {
		ssize_t got = read(STDIN_FILENO, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || c == '\n')
			break;
		if (n == room)
			return -1;
		out[n++] = c;
	}
	if (n > 0 && out[n - 1] == '\r')
		n--;
	return n > 0 && n <= SECRET_REST_MOST && !interrupted ? (ssize_t)n : -1;
}

/* Twice, as nobody sees what is typed. -2: the second one is another. */
static ssize_t ask_twice(char *out, size_t room)
{
	char again[SECRET_REST_MOST + 1];
	ssize_t n, m = 0;

	fputs("Password: ", stderr);
	if ((n = read_line(out, room)) > 0) {
		fputs("\nAgain: ", stderr);
		m = read_line(again, sizeof(again));
		if (m != n || CRYPTO_memcmp(out, again, (size_t)n) != 0)
			n = interrupted ? -1 : -2;
	}
	fputc('\n', stderr);
	OPENSSL_cleanse(again, sizeof(again));
	return n;
}

/* A signal must not end the program before the echo is back. */
static ssize_t ask_terminal(const struct termios *before, char *out, size_t room)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	const struct sigaction catch = {.sa_handler = on_signal};
	struct sigaction old[sizeof(signals) / sizeof(*signals)];
	struct termios silent = *before;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &catch, &old[i]);
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	ssize_t n = ask_twice(out, room);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, before);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &old[i], NULL);
	if (interrupted)
		raise(interrupted);
	return n;
}

/* As read_line and ask_twice. */
static ssize_t read_password(char *out, size_t room)
{
	struct termios before;

	return tcgetattr(STDIN_FILENO, &before) == 0 ? ask_terminal(&before, out, room) : read_line(out, room);
}

/* --- the entry */

static void print_entry(const struct job *job, const struct secret_hash *hash)
{
	char text[SECRET_TEXT_ROOM];

	secret_format(hash, text);
	printf("%s %s\n", job->name, text);
	for (size_t i = 0; i < job->grant_count; i++)
		printf("\t%s\n", job->grants[i]);
}

static int make_entry(const struct job *job, struct secret_hash *hash, const char *secret, size_t n)
{
	if (!secret_compute(hash, (const uint8_t *)secret, n, hash->hash)) {
		complain("the hash cannot be made", NULL);
		return EXIT_FAILURE;
	}
	print_entry(job, hash);
	if (fflush(stdout) != 0) {
		complain("cannot write", strerror(errno));
		return EXIT_FAILURE;
	}
	if (!job->password)
		fprintf(stderr, "%s:%s\n", job->name, secret);
	return EXIT_SUCCESS;
}

static int run(const struct job *job)
{
	struct secret_hash hash = {.rounds = job->password ? job->rounds : 0, .salt_length = SALT_BYTES};
	char secret[SECRET_REST_MOST + 1]; /* a \r may be behind the longest one */
	uint8_t token[TOKEN_BYTES];
	ssize_t n = -1;
	int status = EXIT_FAILURE;

	if (RAND_bytes(hash.salt, SALT_BYTES) != 1 || RAND_bytes(token, sizeof(token)) != 1)
		complain("no random numbers", NULL);
	else if (job->password && (n = read_password(secret, sizeof(secret))) < 0)
		complain(n == -2 ? "the passwords are not the same" : "there is no password of 1 to 4096 bytes on standard input", NULL);
	else {
		if (!job->password) {
			base64(token, sizeof(token), secret);
			n = (ssize_t)strlen(secret);
		}
		status = make_entry(job, &hash, secret, (size_t)n);
	}
	OPENSSL_cleanse(token, sizeof(token));
	OPENSSL_cleanse(secret, sizeof(secret));
	return status;
}

static bool take_rounds(const char *text, uint32_t *out)
{
	char *end;
	unsigned long n = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;

	if (n < SECRET_ROUNDS_LEAST || n > SECRET_ROUNDS_MOST || *end) {
		complain("--rounds: not a number from 10000 to 5000000", text);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

/* The file's reader checks a grant; here it only must stay on its line. */
static bool take_grant(const char *text, struct job *job, const char **grants)
{
	if (!*text || strpbrk(text, "\r\n")) {
		complain("--grant: not one line of text", text);
		return false;
	}
	grants[job->grant_count++] = text;
	return true;
}

enum option_key { O_GRANT = 1, O_PASSWORD, O_ROUNDS, O_VERSION, O_HELP };

static const struct option option_table[] = {
    {"grant", required_argument, NULL, O_GRANT},
    {"password", no_argument, NULL, O_PASSWORD},
    {"rounds", required_argument, NULL, O_ROUNDS},
    {"version", no_argument, NULL, O_VERSION},
    {"help", no_argument, NULL, O_HELP},
    {"h", no_argument, NULL, O_HELP},
    {NULL, 0, NULL, 0},
};

static bool take_option(struct job *job, int key, const char **grants)
{
	switch (key) {
	case O_GRANT:
		return take_grant(optarg, job, grants);
	case O_PASSWORD:
		job->password = true;
		return true;
	case O_ROUNDS:
		return take_rounds(optarg, &job->rounds);
	default:
		return false;
	}
}

static bool take_name(struct job *job, int argc, char **argv)
{
	if (argc - optind != 1)
		complain(argc == optind ? "NAME is missing" : "unexpected argument", argc == optind ? NULL : argv[optind + 1]);
	else if (!secret_name_good(argv[optind], strlen(argv[optind])))
		complain("a name is 1 to 64 letters, digits and ._@/+-", argv[optind]);
	else {
		job->name = argv[optind];
		return true;
	}
	return false;
}

/* Exit status, or -1: go on. */
static int parse(struct job *job, int argc, char **argv, const char **grants)
{
	int key;

	while ((key = getopt_long_only(argc, argv, "", option_table, NULL)) != -1) {
		if (key == O_HELP) {
			fputs(usage_text, stdout);
			return EXIT_SUCCESS;
		}
		if (key == O_VERSION) {
			puts(NAME " (pluq " PLUQ_VERSION ")");
			return EXIT_SUCCESS;
		}
		if (!take_option(job, key, grants)) {
			fputs(usage_text, stderr);
			return EXIT_USAGE;
		}
	}
	if (take_name(job, argc, argv))
		return -1;
	fputs(usage_text, stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char **grants = calloc((size_t)argc + 1, sizeof(*grants));
	struct job job = {.rounds = ROUNDS_DEFAULT, .grants = grants};

	if (!grants) {
		complain("out of memory", NULL);
		return EXIT_FAILURE;
	}
	int status = parse(&job, argc, argv, grants);
	if (status < 0)
		status = run(&job);
	free(grants);
	return status;
}
