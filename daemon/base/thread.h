/* Private to the daemon. Threads: named, and deaf to the signals that are loop 0's. */
#ifndef PLUQ__THREAD_H
#define PLUQ__THREAD_H

#include <pthread.h>

/* name: at most 15 bytes, for ps and debuggers. Signals that are sent to the process are blocked in the new thread; those that the
 * thread brings upon itself by a fault are not, as a blocked one kills without its handler. PLUQ_ENOMEM. */
int pluq__thread_start(pthread_t *, const char *name, void *(*fn)(void *arg), void *arg);

#endif
