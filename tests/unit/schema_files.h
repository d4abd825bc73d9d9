/* For the run of the JSON Schema Test Suite: where Debian's packages have put it, and JSON written back to files. */
#ifndef SCHEMA_FILES_H
#define SCHEMA_FILES_H

#include "../../plugins/validators/schema/json.h"

/* A whole file, parsed; both are the caller's. false: it cannot be read, or is not JSON. */
bool schema_file_read(const char *path, uint8_t **text, struct json_doc *doc);
/* The value, exactly. */
bool schema_file_write(const char *path, const struct json_node *);
/* The path that a Debian package has ending in `end`, without it. false: dpkg knows of none. */
bool schema_file_packaged(const char *package, const char *end, char *out, size_t room);

#endif
