/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fuzz targets without libFuzzer: random inputs, the same ones in each run.
 */
#ifndef FUZZ_SEEDS_H
#define FUZZ_SEEDS_H

#include <stdint.h>

/**
 * struct seeds - The random inputs of a fuzz target
 * @tests: names of the tests, which run one part of the inputs each
 * @nr_tests: number of tests
 * @inputs: number of inputs of each test; the seeds count from 1 over all tests
 * @run: runs an input, which it makes of seeds_random()
 */
struct seeds {
	const char * const *tests;
	unsigned int nr_tests;
	unsigned int inputs;
	void (*run)(void);
};

/* The next random number of an input. */
uint32_t seeds_random(void);

/*
 * Run all inputs, with TAP on the descriptor of stdout. A finding ends the program, and so
 * does an input that takes too long: the result has the seed. With CARVEOUT_SEED=number in the
 * environment, run the input of one seed only, without TAP. Returns the exit code.
 */
int seeds_main(const struct seeds *seeds);

#endif /* FUZZ_SEEDS_H */
