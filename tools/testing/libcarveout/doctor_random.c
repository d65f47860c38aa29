// SPDX-License-Identifier: GPL-2.0
/*
 * The fuzz target of "carveout doctor" without libFuzzer: device trees with random changes,
 * the same ones in each run.
 *
 *	doctor_random TREE...	change these trees
 *
 * CARVEOUT_SEED=number in the environment runs the input of one seed only.
 */

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor_fuzz.h"

#define INPUTS	10000
#define TREES	256
#define WORDS	10
#define LONGEST	65536
/* Seconds for one tree, on a machine that has other work. */
#define PATIENCE	60

struct tree {
	uint8_t data[LONGEST];
	size_t size;
};

static struct tree *trees[TREES];
static unsigned int nr_trees;
static unsigned int seed;
static uint64_t state;
static FILE *tap;

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
	fprintf(tap, "# CARVEOUT_SEED=%u%s\nnot ok 1 random_device_trees\n", seed,
		signal == SIGALRM ? " hangs" : "");
	fflush(tap);
	_exit(1);
}

/* Reproducible random numbers: xorshift64* of S. Vigna. */
static uint32_t random32(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL >> 32;
}

static struct tree *read_tree(const char *name)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	FILE *file = fopen(name, "rb");

	if (!tree || !file) {
		perror(name);
		exit(1);
	}
	tree->size = fread(tree->data, 1, LONGEST, file);
	fclose(file);
	return tree;
}

/* Words that a parser may mistake for a length, an offset or a token. */
static uint32_t odd_word(void)
{
	static const uint32_t words[WORDS] = {
		0, 1, 2, 3, 4, 9, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
	};

	return words[random32() % WORDS];
}

static void store_word(uint8_t *at, uint32_t word)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		at[i] = word >> (24 - 8 * i);
}

/* A change of a byte or a word, most often behind the header. */
static void change(uint8_t *data, size_t size)
{
	size_t first = random32() % 8 ? 40 : 0, at;

	if (size < first + 4)
		return;
	at = first + random32() % (size - first - 3);
	if (random32() % 2)
		data[at] = random32();
	else
		store_word(data + at / 4 * 4, random32() % 4 ? odd_word() : random32());
}

static void run_seed(void)
{
	const struct tree *tree;
	unsigned int changes;
	uint8_t *data;
	size_t size;

	state = seed * 0x9e3779b97f4a7c15ULL;
	tree = trees[random32() % nr_trees];
	size = random32() % 16 ? tree->size : random32() % tree->size;
	/* An allocation of the exact length, so that ASan finds a read beyond it. */
	data = malloc(size ?: 1);
	if (!data)
		abort();
	memcpy(data, tree->data, size);
	for (changes = 1 + random32() % 8; changes; changes--)
		change(data, size);
	alarm(PATIENCE);
	fuzz_one_input(data, size);
	free(data);
}

int main(int argc, char **argv)
{
	const char *one = getenv("CARVEOUT_SEED");
	int i;

	tap = fdopen(dup(STDOUT_FILENO), "w");
	if (!tap || argc < 2 || argc > TREES)
		return 1;
	for (i = 1; i < argc; i++)
		trees[nr_trees++] = read_tree(argv[i]);
	signal(SIGABRT, tell_seed);
	signal(SIGALRM, tell_seed);
	fuzz_initialize(&argc, &argv);
	fprintf(tap, "TAP version 13\n1..1\n# seeds 1 to %u\n", INPUTS);
	fflush(tap);
	for (seed = one ? atoi(one) : 1; seed <= INPUTS; seed++) {
		run_seed();
		if (one)
			return 0;
	}
	fprintf(tap, "ok 1 random_device_trees\n");
	fclose(tap);
	return 0;
}
