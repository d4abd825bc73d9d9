/* Private to daemon/. */
#ifndef PLUQ__FDLIMIT_H
#define PLUQ__FDLIMIT_H

/* Raises the process's soft limit of file descriptors to the hard one. What there is will do if that fails. */
void pluq__fdlimit_raise(void);

#endif
