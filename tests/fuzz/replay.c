/* Runs a fuzzing harness over its kept corpus, as a test: what was found once stays found. Speaks TAP. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL, *exact;
	size_t size = 0, room = 0;

	if (!f)
		return -1;
	do {
		room = room ? room * 2 : 4096;
		data = realloc(data, room);
		if (!data)
			abort();
		size += fread(data + size, 1, room - size, f);
	} while (size == room);
	fclose(f);
	/* A block of exactly its size, so that a sanitizer sees any read past it. */
	exact = malloc(size ? size : 1);
	if (!exact)
		abort();
	memcpy(exact, data, size);
	free(data);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	const char *source = getenv("PLUQ_SOURCE_DIR"), *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	char folder[4096], path[8192];
	struct dirent *e;
	int count = 0;
	DIR *d;

	/* libtool's wrapper runs the program as .libs/lt-NAME. */
	if (strncmp(name, "lt-", 3) == 0)
		name += 3;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", source ? source : ".", name);
	puts("1..1");
	d = opendir(folder);
	while (d && (e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		count += run_file(path) == 0;
	}
	if (d)
		closedir(d);
	printf("%sok 1 - %s: %d inputs of the corpus\n", count ? "" : "not ", name, count);
	return count ? 0 : 1;
}
