/* For whole dialogues with the nsqd handler (over mock_broker.h): bytes in, frames out. */
#ifndef NSQD_RIG_H
#define NSQD_RIG_H

#include "cmocka_all.h"
#include "mock_broker.h"

#define SECOND INT64_C(1000000000)
#define ID "0123456789abcdef"
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int setup(void **state);
int teardown(void **state);

/* A connection that has said which protocol it speaks. */
struct pluq_conn *greet(void);
/* Another handler and no connection. */
void start_again(void);
/* What the handler has said since the last time, as TYPE:DATA per frame, frames divided by '|'. */
const char *said(struct pluq_conn *);

void say(struct pluq_conn *, const char *text);
/* LINE, the length of BODY, BODY. */
void pub(struct pluq_conn *, const char *line, const char *body);
/* In pieces of so many bytes, until it is closed. */
void feed_in_pieces(struct pluq_conn *, const void *bytes, size_t n, size_t piece);
void put32(struct text *, uint32_t v);
/* Subscribes to t:c. */
void sub(struct pluq_conn *);

void assert_published(size_t n, const char *topic, const void *body, size_t length);
/* The last thing said is this error, and the connection is closed after it. */
void assert_fatal(struct pluq_conn *, const char *text);

#endif
