/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fuzz target of the service.
 */
#ifndef FUZZ_SERVICE_H
#define FUZZ_SERVICE_H

#include <stddef.h>
#include <stdint.h>

int fuzz_one_input(const uint8_t *data, size_t size);

#endif /* FUZZ_SERVICE_H */
