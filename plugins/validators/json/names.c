#include "names.h"

#include <stdlib.h>
#include <string.h>

static int node_new(struct names *n, const char *name, size_t length)
{
	if (n->count == NAMES_MOST)
		return -1;
	struct name_node *nodes = realloc(n->nodes, (n->count + 1) * sizeof(*nodes));
	if (!nodes)
		return -1;
	n->nodes = nodes;
	char *copy = malloc(length + 1);
	if (!copy)
		return -1;
	memcpy(copy, name, length);
	copy[length] = 0;
	nodes[n->count] = (struct name_node){.name = copy, .length = (uint32_t)length, .child = -1, .sibling = -1, .slot = -1};
	return (int)n->count++;
}

int names_child(struct names *n, int node, const char *name, size_t length)
{
	if (n->count == 0 && node_new(n, "", 0) < 0)
		return -1;
	for (int at = n->nodes[node].child; at >= 0; at = n->nodes[at].sibling)
		if (n->nodes[at].length == length && memcmp(n->nodes[at].name, name, length) == 0)
			return at;
	int made = node_new(n, name, length);
	if (made < 0)
		return -1;
	n->nodes[made].sibling = n->nodes[node].child;
	n->nodes[node].child = (int16_t)made;
	return made;
}

int names_slot(struct names *n, int node)
{
	if (n->nodes[node].slot < 0)
		n->nodes[node].slot = (int16_t)n->slots++;
	return n->nodes[node].slot;
}

void names_fini(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->nodes[i].name);
	free(n->nodes);
	*n = (struct names){0};
}
