/* Private to the daemon. The log: one line per event, written by a thread of its own from a ring, so that no caller waits for
 * a terminal or a disk. A full ring drops lines and says how many.
 *
 * A line: 2026-11-22T14:37:33.123456Z level instance: text
 */
#ifndef PLUQ__LOG_H
#define PLUQ__LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <sys/types.h>

#include <pluq/host.h>

/* Main. Until start has been called lines are written directly to standard error. to: "stderr" or a file's path. */
int pluq__log_open(enum pluq_level level, const char *to, struct pluq_why *why);
int pluq__log_start(void);       /* makes the thread */
void pluq__log_stop(void);       /* writes what is waiting, ends the thread; later lines are written directly */
/* Main. The file becomes theirs if it was made by pluq__log_open: whoever the process becomes is to open it anew. What was there
 * before, a terminal perhaps, keeps its owner. 0, or -1 with errno. */
int pluq__log_give(uid_t, gid_t);
void pluq__log_reopen(void);     /* any thread: the file is opened anew before the next line */
void pluq__log_set_level(enum pluq_level);
enum pluq_level pluq__log_level(void);
bool pluq__log_on(enum pluq_level);

uint64_t pluq__log_dropped(void); /* any thread: lines, since the start */

/* Any thread. instance: the plugin instance or the part of the daemon ("core", "net", "broker"); line breaks in the text
 * become spaces. errno is kept. */
void pluq__log(enum pluq_level, const char *instance, const char *fmt, ...) PLUQ_PRINTF(3, 4);
void pluq__logv(enum pluq_level, const char *instance, const char *fmt, va_list) PLUQ_PRINTF(3, 0);

#endif
