#include "config_node.h"

#include <stdio.h>
#include <string.h>

struct pluq__node *pluq__node_new(struct pluq__arena *a, enum pluq__node_kind kind, const struct pluq__origin *origin)
{
	struct pluq__node *n = pluq__arena_alloc(a, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = kind;
	n->origin = *origin;
	return n;
}

struct pluq__node *pluq__node_scalar(struct pluq__arena *a, const char *text, const struct pluq__origin *origin)
{
	struct pluq__node *n = pluq__node_new(a, PLUQ__NODE_SCALAR, origin);

	if (!n || !(n->text = pluq__arena_copy(a, text, strlen(text))))
		return NULL;
	n->quoted = true;
	return n;
}

static const char *copy_text(struct pluq__arena *a, const char *text, bool *failed)
{
	const char *s = text ? pluq__arena_copy(a, text, strlen(text)) : NULL;

	*failed |= text && !s;
	return s;
}

struct pluq__node *pluq__node_clone(struct pluq__arena *a, const struct pluq__node *from)
{
	struct pluq__node *n = pluq__node_new(a, from->kind, &from->origin);
	bool failed = false;

	if (!n)
		return NULL;
	n->quoted = from->quoted;
	n->alternatives = from->alternatives;
	n->origin.file = copy_text(a, from->origin.file, &failed);
	n->origin.set = copy_text(a, from->origin.set, &failed);
	n->origin.other = copy_text(a, from->origin.other, &failed);
	n->key = copy_text(a, from->key, &failed);
	n->text = copy_text(a, from->text, &failed);
	for (size_t i = 0; i < from->count && !failed; i++) {
		struct pluq__node *item = pluq__node_clone(a, from->items[i]);

		failed = !item || pluq__node_add(a, n, item);
	}
	return failed ? NULL : n;
}

int pluq__node_add(struct pluq__arena *a, struct pluq__node *list, struct pluq__node *item)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 4;
		struct pluq__node **items = pluq__arena_alloc(a, room * sizeof(*items));

		if (!items)
			return PLUQ_ENOMEM;
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = item;
	return 0;
}

int pluq__node_put(struct pluq__arena *a, struct pluq__node *map, const char *key, struct pluq__node *value)
{
	value->key = pluq__arena_copy(a, key, strlen(key));
	if (!value->key)
		return PLUQ_ENOMEM;
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->items[i]->key, key) == 0) {
			map->items[i] = value;
			return 0;
		}
	return pluq__node_add(a, map, value);
}

struct pluq__node *pluq__node_get(const struct pluq__node *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->items[i]->key, key) == 0)
			return map->items[i];
	return NULL;
}

bool pluq__node_is_null(const struct pluq__node *n)
{
	if (n->kind != PLUQ__NODE_SCALAR || n->quoted)
		return false;
	return !*n->text || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0;
}

const char *pluq__origin_text(const struct pluq__origin *o, char *buffer, size_t size)
{
	if (o->file)
		snprintf(buffer, size, "%s:%d", o->file, o->line);
	else if (o->set)
		snprintf(buffer, size, "--set %s", o->set);
	else if (o->other)
		snprintf(buffer, size, "%s", o->other);
	else
		snprintf(buffer, size, "default");
	return buffer;
}
