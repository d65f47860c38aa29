// SPDX-License-Identifier: GPL-2.0
/*
 * Random inputs for the fuzz target, without libFuzzer: the same ones in each run.
 *
 *	carveout_service [FILE...]	run the inputs of these files instead
 *
 * CARVEOUT_SEED=number in the environment runs the input of one seed only.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz_service.h"

#define INPUTS	5000
#define LONGEST	400

static const char * const tests[] = { "random_inputs", "more_random_inputs" };
static unsigned int test;
static unsigned int seed;

/* Each finding ends the program so. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void tell_seed(int signal)
{
	(void)signal;
	printf("# CARVEOUT_SEED=%u\nnot ok %u %s\n", seed, test + 1, tests[test]);
	fflush(stdout);
	_exit(1);
}

/* Reproducible random numbers: xorshift64* of S. Vigna. */
static uint64_t state;

static uint32_t random32(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL >> 32;
}

static void run_seed(void)
{
	size_t size, i;
	uint8_t *data;

	state = seed * 0x9e3779b97f4a7c15ULL;
	size = 5 + random32() % LONGEST;
	/* An allocation of the exact length, so that ASan finds a read beyond it. */
	data = malloc(size);
	if (!data)
		abort();
	for (i = 0; i < size; i++)
		data[i] = random32();
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

static void run_seeds(void)
{
	for (test = 0; test < 2; test++) {
		printf("# seeds %u to %u\n", test * INPUTS + 1, (test + 1) * INPUTS);
		for (seed = test * INPUTS + 1; seed <= (test + 1) * INPUTS; seed++)
			run_seed();
		printf("ok %u %s\n", test + 1, tests[test]);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	const char *one = getenv("CARVEOUT_SEED");
	int i, rc = 0;

	for (i = 1; i < argc; i++)
		rc |= run_file(argv[i]);
	if (argc > 1)
		return rc;
	signal(SIGABRT, tell_seed);
	if (one) {
		seed = atoi(one);
		run_seed();
		return 0;
	}
	printf("TAP version 13\n1..2\n");
	run_seeds();
	return 0;
}
