#define _GNU_SOURCE /* pthread_setname_np */
#include "thread.h"

#include <pluq/error.h>
#include <signal.h>

int pluq__thread_start(pthread_t *thread, const char *name, void *(*fn)(void *arg), void *arg)
{
	sigset_t others, before;
	int rc;

	sigfillset(&others);
	sigdelset(&others, SIGSEGV);
	sigdelset(&others, SIGBUS);
	sigdelset(&others, SIGFPE);
	sigdelset(&others, SIGILL);
	sigdelset(&others, SIGABRT);
	sigdelset(&others, SIGTRAP);
	pthread_sigmask(SIG_SETMASK, &others, &before);
	rc = pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		return PLUQ_ENOMEM;
	pthread_setname_np(*thread, name);
	return 0;
}
