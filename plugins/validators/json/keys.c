#include "keys.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

#define ROOM_FIRST 256
/* A longer way through the table than chance ever makes: somebody has found names that collide. */
#define STEPS_MOST 256

void keys_init(struct keys *k, uint64_t secret)
{
	*k = (struct keys){.secret = (secret ^ UINT64_C(0x9e3779b97f4a7c15)) | 1};
}

void keys_fini(struct keys *k)
{
	free(k->slots);
	k->slots = NULL;
	k->room = 0;
}

void keys_begin(struct keys *k)
{
	k->count = 0;
	if (++k->text)
		return;
	if (k->slots) /* the numbers begin again */
		memset(k->slots, 0, k->room * sizeof(*k->slots));
	k->text = 1;
}

static uint64_t mix(uint64_t h, uint64_t v, uint64_t secret)
{
	h = (h ^ v) * secret;
	return h ^ h >> 29;
}

static uint64_t hash_of(const struct keys *k, uint32_t object, const uint8_t *at, size_t length, bool escaped)
{
	uint64_t h = mix(k->secret, object, k->secret), last = 0;

	if (escaped) {
		struct json_text t = {at, at + length};
		int32_t c;
		while ((c = json_text_next(&t)) >= 0)
			h = mix(h, (uint64_t)c, k->secret);
		return mix(h, 0, k->secret) * k->secret;
	}
	/* As code points too, that a name has one hash however it is written; ASCII, as most are, needs no decoding. */
	for (size_t i = 0; i < length; i++) {
		if (at[i] >= 0x80) {
			struct json_text t = {at + i, at + length};
			last = (uint64_t)json_text_next(&t);
			i = (size_t)(t.at - at) - 1;
		} else {
			last = at[i];
		}
		h = mix(h, last, k->secret);
	}
	return mix(h, 0, k->secret) * k->secret;
}

static bool grow(struct keys *k)
{
	uint32_t room = k->room ? k->room * 2 : ROOM_FIRST;
	struct key *slots = calloc(room, sizeof(*slots));

	if (!slots)
		return false;
	for (uint32_t i = 0; i < k->room; i++) {
		if (k->slots[i].text != k->text)
			continue;
		uint32_t at = (uint32_t)(k->slots[i].hash >> 32) & (room - 1);
		while (slots[at].text)
			at = (at + 1) & (room - 1);
		slots[at] = k->slots[i];
	}
	free(k->slots);
	k->slots = slots;
	k->room = room;
	return true;
}

enum keys_status keys_add(struct keys *k, uint32_t object, const uint8_t *at, size_t length, bool escaped)
{
	if (k->count >= KEYS_MOST)
		return KEYS_TOO_MANY;
	if (k->count * 2 >= k->room && !grow(k))
		return KEYS_NO_MEMORY;
	uint64_t hash = hash_of(k, object, at, length, escaped);
	uint32_t slot = (uint32_t)(hash >> 32) & (k->room - 1);
	for (int steps = 0; k->slots[slot].text == k->text; slot = (slot + 1) & (k->room - 1)) {
		const struct key *other = &k->slots[slot];
		if (other->hash == hash && other->object == object && json_text_same(other->at, other->length, at, length))
			return KEYS_TWICE;
		if (++steps > STEPS_MOST)
			return KEYS_TOO_MANY;
	}
	k->slots[slot] = (struct key){hash, k->text, object, at, (uint32_t)length};
	k->count++;
	return KEYS_NEW;
}
