/* Private to the daemon. Which build is this? */
#ifndef PLUQ__BUILD_ID_H
#define PLUQ__BUILD_ID_H

#include <stddef.h>

/* Room for the usual 20 bytes in hexadecimal. A longer one is cut. */
#define PLUQ__BUILD_ID_TEXT 41

/* Any thread. The build id, which the linker has written into it, of the program or shared object in which the address lies. "none":
 * it was linked without. */
void pluq__build_id(const void *address, char out[PLUQ__BUILD_ID_TEXT]);

#endif
