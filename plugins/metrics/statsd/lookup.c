#include "lookup.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define PATIENCE_S 1

/* Held by who asks and by the thread. */
struct lookup {
	atomic_int refs;
	char *host, *port;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t ended;
	bool done;
	int error, system_error; /* EAI_*, errno */
	struct addrinfo *list;
};

static void unref(struct lookup *k)
{
	if (atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (k->list)
		freeaddrinfo(k->list);
	pthread_cond_destroy(&k->ended);
	pthread_mutex_destroy(&k->lock);
	free(k->host);
	free(k->port);
	free(k);
}

static int look_up(const char *host, const char *port, int flags, struct addrinfo **list)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV | flags};
	int error = getaddrinfo(host, port, &hints, list);

	if (error)
		*list = NULL;
	return error;
}

static void *work(void *arg)
{
	struct lookup *k = arg;
	struct addrinfo *list;
	int error = look_up(k->host, k->port, 0, &list), system_error = errno;

	pthread_mutex_lock(&k->lock);
	k->error = error;
	k->system_error = system_error;
	k->list = list;
	k->done = true;
	pthread_cond_signal(&k->ended);
	pthread_mutex_unlock(&k->lock);
	unref(k);
	return NULL;
}

static bool start_thread(struct lookup *k)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	atomic_store(&k->refs, 2);
	error = pthread_create(&thread, &attr, work, k);
	pthread_attr_destroy(&attr);
	if (error)
		atomic_store(&k->refs, 1);
	return error == 0;
}

/* NULL: no memory, or no thread can be had. */
static struct lookup *start(const char *host, const char *port)
{
	struct lookup *k = calloc(1, sizeof(*k));
	pthread_condattr_t attr;

	if (!k)
		return NULL;
	atomic_init(&k->refs, 1);
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->ended, &attr);
	pthread_condattr_destroy(&attr);
	k->host = strdup(host);
	k->port = strdup(port);
	if (k->host && k->port && start_thread(k))
		return k;
	unref(k);
	return NULL;
}

static bool await(struct lookup *k)
{
	struct timespec until;
	bool done;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&k->lock);
	while (!k->done && pthread_cond_timedwait(&k->ended, &k->lock, &until) == 0)
		;
	done = k->done;
	pthread_mutex_unlock(&k->lock);
	return done;
}

static const char *cause(int error, int system_error)
{
	return error == EAI_SYSTEM ? strerror(system_error) : gai_strerror(error);
}

static const char *take_answer(struct lookup *k, struct addrinfo **list)
{
	*list = k->list;
	k->list = NULL;
	return k->error ? cause(k->error, k->system_error) : NULL;
}

const char *lookup_find(struct lookup **held, const char *host, const char *port, struct addrinfo **list)
{
	bool here = !host || !*host;
	int error = look_up(here ? NULL : host, port, here ? 0 : AI_NUMERICHOST, list); /* asks nobody */
	const char *wrong;

	if (*held && (here || error == 0 || strcmp((*held)->host, host) != 0 || strcmp((*held)->port, port) != 0))
		lookup_drop(held);
	if (here || error == 0)
		return error ? cause(error, errno) : NULL;
	if (!*held && !(*held = start(host, port)))
		return "there is no memory or no thread to look it up";
	if (!await(*held))
		return "its address was not found within 1s";
	wrong = take_answer(*held, list);
	lookup_drop(held);
	return wrong;
}

void lookup_drop(struct lookup **held)
{
	if (*held)
		unref(*held);
	*held = NULL;
}
