#include "lua_box.h"

#undef NDEBUG
#include <assert.h>
#include <pluq/name.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/validators/lua/text.h"

static void is_clean(const char *text, size_t room)
{
	size_t length = strnlen(text, room);

	assert(length < room);
	for (const char *s = text, *end = text + length; s < end;) {
		size_t n = text_character(s, end);

		assert(n && !(n == 1 && ((unsigned char)*s < ' ' || *s == 0x7f)));
		s += n;
	}
}

struct sandbox *lua_box_new(const void *script, size_t length, int64_t instructions, int64_t memory)
{
	struct program *p = calloc(1, sizeof(*p));
	struct sandbox *box;
	struct pluq_why why = { "" };
	int rc;

	assert(p);
	atomic_init(&p->refs, 1);
	p->max_instructions = instructions;
	p->max_memory = memory;
	p->path = strdup("folder/check.lua");
	p->text = malloc(length + 1);
	assert(p->path && p->text);
	p->name = p->path + 7;
	memcpy(p->text, script, length);
	p->length = length;
	rc = sandbox_new(p, &box, &why);
	assert(rc == 0 ? box != NULL : rc == PLUQ_EINVAL && !box && strncmp(why.text, "script: folder/check.lua:", 25) == 0);
	is_clean(why.text, sizeof(why.text));
	program_unref(&p);
	return box;
}

int lua_box_judge(struct sandbox **box, const void *body, size_t length)
{
	struct pluq_candidate c = { .size = sizeof(c), .topic = "orders", .topic_length = 6, .body = body, .length = length };
	struct pluq_finding finding = { "", "" };
	enum sandbox_fault fault;
	int judgement = sandbox_judge(*box, &c, &finding, &fault);

	assert(judgement == PLUQ_ACCEPT || judgement == PLUQ_REJECT || judgement == PLUQ_DIVERT);
	assert(fault == SANDBOX_FINE || judgement == PLUQ_REJECT);
	if (judgement == PLUQ_REJECT)
		assert(*finding.reason);
	is_clean(finding.reason, sizeof(finding.reason));
	if (judgement == PLUQ_DIVERT)
		assert(pluq_name_is_valid(finding.topic, strlen(finding.topic)) && strcmp(finding.topic, "orders") != 0);
	if (fault == SANDBOX_MEMORY && !sandbox_is_sound(*box)) {
		struct program *p = program_ref(sandbox_program(*box));
		struct pluq_why why;

		sandbox_free(box);
		sandbox_new(p, box, &why);
		program_unref(&p);
	}
	return judgement;
}
