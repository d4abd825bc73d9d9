#include "json.h"

#include <string.h>

void put_string(const struct pluq_http *http, struct text *t, const char *bytes, size_t n)
{
	size_t room = 6 * n + 2;
	char *to = n < SIZE_MAX / 8 ? text_room(t, room) : NULL;

	if (to)
		t->length += http->json_quote(to, room, bytes, n);
	else
		t->failed = true;
}

/* There may be a hundred thousand of them in one answer: one look at the room for each. */
void put_name(struct text *t, const struct registration *r, bool *some)
{
	char *to = text_room(t, (size_t)r->length + 3);

	if (!to)
		return;
	if (*some)
		*to++ = ',';
	*some = true;
	*to++ = '"';
	memcpy(to, r->name, r->length);
	to[r->length] = '"';
	t->length = (size_t)(to + r->length + 1 - t->data);
}

void put_comma(struct text *t, bool *some)
{
	if (*some)
		text_byte(t, ',');
	*some = true;
}

void put_channels(struct text *t, const struct topic *topic)
{
	static const struct set none;
	const struct set *channels = topic ? &topic->channels : &none;
	bool some = false;

	text_byte(t, '[');
	SET_EACH(channels, const struct channel, c)
		put_name(t, &c->reg, &some);
	text_byte(t, ']');
}

void put_peer(struct text *t, const char *key, const struct peer *p)
{
	text_str(t, "{\"");
	text_str(t, key);
	text_str(t, "\":");
	text_add(t, p->json, p->json_length);
}
