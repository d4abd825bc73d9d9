#include "memo.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST 255

struct pluq__memo_entry {
	uint32_t permissions;
	uint8_t topic_length, channel_length;
	bool allowed;
	char names[]; /* topic, channel */
};

static uint32_t end_of(const char *name, size_t length)
{
	return length > 1 ? (unsigned char)name[length - 1] | (uint32_t)(unsigned char)name[length - 2] << 8 : (uint32_t)length;
}

/* Names that are used together differ at their ends, or in length. */
static size_t slot_of(uint32_t permissions, const char *topic, size_t topic_length, const char *channel, size_t channel_length)
{
	uint32_t mix = end_of(topic, topic_length) + ((uint32_t)topic_length << 16) + (permissions << 24);

	mix = (mix ^ end_of(channel, channel_length) * UINT32_C(0x85ebca6b)) * UINT32_C(0x9e3779b1);
	return mix >> 28 & (PLUQ__MEMO_SLOTS - 1);
}

int pluq__memo_get(const struct pluq__memo *m, uint32_t permissions, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length)
{
	const struct pluq__memo_entry *e = m->slots[slot_of(permissions, topic, topic_length, channel, channel_length)];

	if (!e || e->permissions != permissions || e->topic_length != topic_length || e->channel_length != channel_length ||
	    memcmp(e->names, topic, topic_length) != 0 ||
	    (channel_length && memcmp(e->names + topic_length, channel, channel_length) != 0))
		return -1;
	return e->allowed;
}

void pluq__memo_put(struct pluq__memo *m, uint32_t permissions, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length, bool allowed)
{
	struct pluq__memo_entry **slot = &m->slots[slot_of(permissions, topic, topic_length, channel, channel_length)], *e;

	if (topic_length > LONGEST || channel_length > LONGEST || !(e = malloc(sizeof(*e) + topic_length + channel_length)))
		return;
	*e = (struct pluq__memo_entry){ .permissions = permissions, .topic_length = (uint8_t)topic_length,
		.channel_length = (uint8_t)channel_length, .allowed = allowed };
	memcpy(e->names, topic, topic_length);
	memcpy(e->names + topic_length, channel, channel_length);
	free(*slot);
	*slot = e;
}

void pluq__memo_clear(struct pluq__memo *m)
{
	for (size_t i = 0; i < PLUQ__MEMO_SLOTS; i++) {
		free(m->slots[i]);
		m->slots[i] = NULL;
	}
}
