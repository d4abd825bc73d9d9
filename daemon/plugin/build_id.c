#define _GNU_SOURCE /* dl_iterate_phdr */
#include "build_id.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct search {
	uintptr_t address;
	char *out;
};

static bool holds(const struct dl_phdr_info *object, uintptr_t address)
{
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && address - (object->dlpi_addr + p->p_vaddr) < p->p_memsz)
			return true;
	}
	return false;
}

static size_t padded(size_t n)
{
	return (n + 3) / 4 * 4;
}

static void put_hex(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n && i < (PLUQ__BUILD_ID_TEXT - 1) / 2; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
}

/* A segment of notes: each a header, a name and contents, padded to 4 bytes. */
static bool find_note(const unsigned char *at, size_t left, char *out)
{
	ElfW(Nhdr) head;

	while (left >= sizeof(head)) {
		size_t name, contents;

		memcpy(&head, at, sizeof(head));
		name = padded(head.n_namesz);
		contents = padded(head.n_descsz);
		at += sizeof(head);
		left -= sizeof(head);
		if (name > left || contents > left - name)
			return false;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && memcmp(at, "GNU", 4) == 0) {
			put_hex(at + name, head.n_descsz, out);
			return true;
		}
		at += name + contents;
		left -= name + contents;
	}
	return false;
}

static int look(struct dl_phdr_info *object, size_t size, void *arg)
{
	const struct search *s = arg;

	(void)size;
	if (!holds(object, s->address))
		return 0;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];

		if (p->p_type == PT_NOTE &&
		    find_note((const unsigned char *)object->dlpi_addr + p->p_vaddr, p->p_memsz, s->out))
			break;
	}
	return 1;
}

void pluq__build_id(const void *address, char out[PLUQ__BUILD_ID_TEXT])
{
	struct search s = { (uintptr_t)address, out };

	strcpy(out, "none");
	dl_iterate_phdr(look, &s);
}
