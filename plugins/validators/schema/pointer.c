#include "pointer.h"

#include <stdio.h>
#include <string.h>

struct text {
	char *out;
	size_t used, room;
	bool cut;
};

/* A whole piece or nothing: once something did not fit, nothing more is added. */
static void add(struct text *t, const char *piece, size_t length)
{
	if (t->cut || t->room - t->used <= length) {
		t->cut = true;
		return;
	}
	memcpy(t->out + t->used, piece, length);
	t->used += length;
}

static void add_shown(struct text *t, const uint8_t *text, size_t length, bool token)
{
	const uint8_t *end = text + length;

	while (text < end && !t->cut) {
		unsigned n = json_utf8(text, end);
		char piece[8];

		if (n == 0 || *text < 0x20 || *text == 0x7f || (n == 2 && *text == 0xc2 && text[1] < 0xa0)) {
			int m = snprintf(piece, sizeof(piece), "\\u%04x", n == 2 ? (unsigned)text[1] : (unsigned)*text);

			add(t, piece, (size_t)m);
		} else if (n == 3 && *text == 0xe2 && text[1] == 0x80 && (text[2] == 0xa8 || text[2] == 0xa9)) {
			add(t, text[2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
		} else if (token && (*text == '~' || *text == '/')) {
			add(t, *text == '~' ? "~0" : "~1", 2);
		} else {
			add(t, (const char *)text, n);
		}
		text += n ? n : 1;
	}
}

/* room: at least 4. */
static size_t end(struct text *t)
{
	if (t->cut) {
		while (t->used > t->room - 4 || (t->used && ((uint8_t)t->out[t->used] & 0xc0) == 0x80))
			t->used--;
		memcpy(t->out + t->used, "...", 3);
		t->used += 3;
	}
	t->out[t->used] = 0;
	return t->used;
}

size_t pointer_show(const void *text, size_t length, char *out, size_t room)
{
	struct text t = {.out = out, .room = room};

	memset(out, 0, room);
	add_shown(&t, text, length, false);
	return end(&t);
}

static const struct json_node *step(struct text *t, const struct json_node *parent, const struct json_node *node)
{
	const struct json_node *child = parent + 1;
	char digits[16];

	if (parent->type == JSON_ARRAY) {
		uint32_t i = 0;

		for (; json_next(child) <= node; child = json_next(child))
			i++;
		add(t, digits, (size_t)snprintf(digits, sizeof(digits), "/%u", i));
		return child;
	}
	while (json_next(child + 1) <= node)
		child = json_next(child + 1);
	add(t, "/", 1);
	add_shown(t, child->u.text, child->length, true);
	return child == node ? node : child + 1;
}

size_t pointer_text(const struct json_node *root, const struct json_node *node, char *out, size_t room)
{
	struct text t = {.out = out, .room = room};

	memset(out, 0, room);
	while (root != node && !t.cut)
		root = step(&t, root, node);
	return end(&t);
}

bool pointer_token(const char **at, const char *limit, char *out, size_t *length)
{
	const char *c = *at;

	if (c == limit || *c != '/')
		return false;
	*length = 0;
	for (c++; c < limit && *c != '/'; c++) {
		char byte = *c;

		if (byte == '~') {
			if (++c == limit || (*c != '0' && *c != '1'))
				return false;
			byte = *c == '0' ? '~' : '/';
		}
		out[(*length)++] = byte;
	}
	*at = c;
	return true;
}

const struct json_node *pointer_child(const struct json_node *parent, const char *token, size_t length)
{
	const struct json_node *child = parent + 1;
	uint64_t index = 0;

	if (parent->type == JSON_OBJECT)
		return json_find(parent, token, length, json_hash((const uint8_t *)token, length));
	if (parent->type != JSON_ARRAY || length == 0 || length > 10 || (*token == '0' && length > 1))
		return NULL;
	for (size_t i = 0; i < length; i++) {
		if (token[i] < '0' || token[i] > '9')
			return NULL;
		index = index * 10 + (uint64_t)(token[i] - '0');
	}
	if (index >= parent->length)
		return NULL;
	for (; index; index--)
		child = json_next(child);
	return child;
}
