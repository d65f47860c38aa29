/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fuzz target of "carveout doctor", with libFuzzer or without.
 */
#ifndef DOCTOR_FUZZ_H
#define DOCTOR_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int fuzz_initialize(int *argc, char ***argv);
int fuzz_one_input(const uint8_t *data, size_t size);

#endif /* DOCTOR_FUZZ_H */
