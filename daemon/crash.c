#include "crash.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugin/build_id.h"

/* Written at start, as nothing can be formatted in a handler. */
static char report[8192];
static size_t report_length;

static void on_fatal_signal(int number)
{
	char name[] = "signal 00\n";
	ssize_t ignored;

	name[7] = (char)('0' + number / 10 % 10);
	name[8] = (char)('0' + number % 10);
	ignored = write(STDERR_FILENO, report, report_length);
	ignored = write(STDERR_FILENO, name, sizeof(name) - 1);
	(void)ignored;
	raise(number); /* the handler has been reset: this one kills, and dumps core */
}

static void add(const char *fmt, ...) PLUQ_PRINTF(1, 2);

/* What does not fit is cut. */
static void add(const char *fmt, ...)
{
	size_t room = sizeof(report) - report_length;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(report + report_length, room, fmt, args);
	va_end(args);
	if (n > 0)
		report_length += (size_t)n < room ? (size_t)n : room - 1;
}

static void describe(const struct pluq__plugins *all)
{
	char build[PLUQ__BUILD_ID_TEXT];

	pluq__build_id(report, build);
	add("pluqd " PLUQ_VERSION " (build id %s) crashed; plugins:", build);
	for (size_t i = 0; i < all->count; i++) {
		const struct pluq_plugin *e = all->items[i].entry;

		pluq__build_id(e, build);
		add("%s %s %s (%s, build id %s)", i ? "," : "", e->name, e->version, all->items[i].path, build);
	}
	add("; ");
}

void pluq__crash_prepare(const struct pluq__plugins *all)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct sigaction action = { .sa_handler = on_fatal_signal, .sa_flags = (int)SA_RESETHAND }, present;

	describe(all);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		/* A sanitizer's handler says more than ours. */
		if (sigaction(fatal[i], NULL, &present) == 0 && present.sa_handler == SIG_DFL)
			sigaction(fatal[i], &action, NULL);
}
