/* bench/http.h: just enough of an HTTP client to create and delete topics, and to ask. */
#ifndef PLUQ_BENCH_HTTP_H
#define PLUQ_BENCH_HTTP_H

#include "bench.h"

/* POSTs without a body; ends the program unless the answer is 200. */
void http_post(const struct bench *, const char *path);

/* Writes the path of request i. */
typedef void (*http_path_fn)(void *arg, uint64_t i, char *path, size_t room);

/* POSTs n requests, in order of i, over a few connections at once: a server may answer some only after it has saved its
 * metadata, and collects those. */
void http_post_many(const struct bench *, uint64_t n, http_path_fn, void *arg);

/* A connection that asks one question after the other. Answers may be large. */
struct http_asker;
struct http_asker *http_asker_new(const struct bench *);
void http_asker_free(struct http_asker *);

/* GETs and returns the bytes of the answer once the last of them is there; ends the program unless it is 200. */
size_t http_ask(struct http_asker *, const char *path);

/* For these: a connected, blocking socket to the server's HTTP address. */
int http_connect(const struct bench *);

#endif
