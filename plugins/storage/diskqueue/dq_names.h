/* Names of the files of a queue and of the store. */
#ifndef DQ_NAMES_H
#define DQ_NAMES_H

#include <inttypes.h>
#include <stdio.h>

#include "dq_file.h"

#define DQ_INFIX ".diskqueue."

/* A queue's name: topic and channel are at most 64 bytes each. Any file name made of this fits in DQ_FILE_NAME. */
#define DQ_QUEUE_NAME_MOST 200

struct dq_file_name {
	char text[DQ_FILE_NAME];
};

static inline struct dq_file_name dq_data_name(const char *queue, int64_t number)
{
	struct dq_file_name n;
	snprintf(n.text, sizeof(n.text), "%.*s" DQ_INFIX "%06" PRId64 ".dat", DQ_QUEUE_NAME_MOST, queue, number);
	return n;
}

static inline struct dq_file_name dq_meta_name(const char *queue)
{
	struct dq_file_name n;
	snprintf(n.text, sizeof(n.text), "%.*s" DQ_INFIX "meta.dat", DQ_QUEUE_NAME_MOST, queue);
	return n;
}

static inline struct dq_file_name dq_due_name(const char *queue)
{
	struct dq_file_name n;
	snprintf(n.text, sizeof(n.text), "%.*s.pluq.due", DQ_QUEUE_NAME_MOST, queue);
	return n;
}

#endif
