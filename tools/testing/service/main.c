// SPDX-License-Identifier: GPL-2.0
/*
 * Random inputs for the fuzz target, without libFuzzer: the same ones in each run.
 *
 *	carveout_service [FILE...]	run the inputs of these files instead
 *
 * CARVEOUT_SEED=number in the environment runs the input of one seed only.
 */

#include <stdio.h>
#include <stdlib.h>

#include "../fuzz/seeds.h"
#include "fuzz_service.h"

#define INPUTS	5000
#define LONGEST	400

static void run_input(void)
{
	size_t size, i;
	uint8_t *data;

	size = 5 + seeds_random() % LONGEST;
	/* An allocation of the exact length, so that ASan finds a read beyond it. */
	data = malloc(size);
	if (!data)
		abort();
	for (i = 0; i < size; i++)
		data[i] = seeds_random();
	fuzz_one_input(data, size);
	free(data);
}

static int run_file(const char *name)
{
	static uint8_t data[65536];
	FILE *file = fopen(name, "rb");
	size_t size;

	if (!file) {
		perror(name);
		return 1;
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	fuzz_one_input(data, size);
	return 0;
}

int main(int argc, char **argv)
{
	static const char * const tests[] = { "random_inputs", "more_random_inputs" };
	const struct seeds seeds = {
		.tests = tests, .nr_tests = 2, .inputs = INPUTS, .run = run_input,
	};
	int i, rc = 0;

	for (i = 1; i < argc; i++)
		rc |= run_file(argv[i]);
	return argc > 1 ? rc : seeds_main(&seeds);
}
