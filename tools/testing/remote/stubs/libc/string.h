/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * All that the client uses of a C library, for compilers without one.
 */
#ifndef STUB_STRING_H
#define STUB_STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t len);
void *memset(void *at, int byte, size_t len);

#endif /* STUB_STRING_H */
