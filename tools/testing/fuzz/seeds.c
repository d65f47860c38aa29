// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz targets without libFuzzer: random inputs, the same ones in each run.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "seeds.h"

/* Seconds for one input, on a machine that has other work. */
#define PATIENCE	60

static FILE *tap;
static const char *test;
static unsigned int number;
static unsigned int seed;
static uint64_t state;

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
	fprintf(tap, "# CARVEOUT_SEED=%u%s\n", seed, signal == SIGALRM ? " hangs" : "");
	if (test)
		fprintf(tap, "not ok %u %s\n", number, test);
	fflush(tap);
	_exit(1);
}

/* Reproducible random numbers: xorshift64* of S. Vigna. */
uint32_t seeds_random(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL >> 32;
}

static void run_seed(const struct seeds *seeds)
{
	state = seed * 0x9e3779b97f4a7c15ULL;
	alarm(PATIENCE);
	seeds->run();
}

static void run_test(const struct seeds *seeds)
{
	unsigned int last = number * seeds->inputs;

	test = seeds->tests[number - 1];
	fprintf(tap, "# seeds %u to %u\n", last - seeds->inputs + 1, last);
	fflush(tap);
	for (seed = last - seeds->inputs + 1; seed <= last; seed++)
		run_seed(seeds);
	fprintf(tap, "ok %u %s\n", number, test);
	fflush(tap);
}

int seeds_main(const struct seeds *seeds)
{
	const char *one = getenv("CARVEOUT_SEED");

	tap = fdopen(dup(STDOUT_FILENO), "w");
	if (!tap)
		return 1;
	signal(SIGABRT, tell_seed);
	signal(SIGALRM, tell_seed);
	if (one) {
		seed = atoi(one);
		run_seed(seeds);
		return 0;
	}
	fprintf(tap, "TAP version 13\n1..%u\n", seeds->nr_tests);
	for (number = 1; number <= seeds->nr_tests; number++)
		run_test(seeds);
	return 0;
}
