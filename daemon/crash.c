#include "crash.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Written at start, as nothing can be formatted in a handler. */
static char report[2048];

static void on_fatal_signal(int number)
{
	char name[] = "signal 00\n";
	ssize_t ignored;

	name[7] = (char)('0' + number / 10 % 10);
	name[8] = (char)('0' + number % 10);
	ignored = write(STDERR_FILENO, report, strlen(report));
	ignored = write(STDERR_FILENO, name, sizeof(name) - 1);
	(void)ignored;
	raise(number); /* the handler has been reset: this one kills, and dumps core */
}

static void describe(const struct pluq__plugins *all)
{
	size_t used = (size_t)snprintf(report, sizeof(report), "pluqd " PLUQ_VERSION " crashed; plugins:");

	for (size_t i = 0; i < all->count && used < sizeof(report) - 32; i++) {
		const struct pluq_plugin *e = all->items[i].entry;

		used += (size_t)snprintf(report + used, sizeof(report) - 32 - used, " %s %s (%s)", e->name, e->version,
		    all->items[i].path);
	}
	snprintf(report + strlen(report), sizeof(report) - strlen(report), "; ");
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
