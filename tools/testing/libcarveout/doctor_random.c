// SPDX-License-Identifier: GPL-2.0
/*
 * The fuzz target of "carveout doctor" without libFuzzer: device trees with random changes,
 * the same ones in each run.
 *
 *	doctor_random TREE...	change these trees
 *
 * CARVEOUT_SEED=number in the environment runs the input of one seed only.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_fuzz.h"
#include "seeds.h"

#define INPUTS	10000
#define TREES	256
#define WORDS	10
#define LONGEST	65536

struct tree {
	uint8_t data[LONGEST];
	size_t size;
};

static struct tree *trees[TREES];
static unsigned int nr_trees;

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

	return words[seeds_random() % WORDS];
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
	size_t first = seeds_random() % 8 ? 40 : 0, at;

	if (size < first + 4)
		return;
	at = first + seeds_random() % (size - first - 3);
	if (seeds_random() % 2)
		data[at] = seeds_random();
	else
		store_word(data + at / 4 * 4, seeds_random() % 4 ? odd_word() : seeds_random());
}

static void run_input(void)
{
	const struct tree *tree;
	unsigned int changes;
	uint8_t *data;
	size_t size;

	tree = trees[seeds_random() % nr_trees];
	size = seeds_random() % 16 ? tree->size : seeds_random() % tree->size;
	/* An allocation of the exact length, so that ASan finds a read beyond it. */
	data = malloc(size ?: 1);
	if (!data)
		abort();
	memcpy(data, tree->data, size);
	for (changes = 1 + seeds_random() % 8; changes; changes--)
		change(data, size);
	fuzz_one_input(data, size);
	free(data);
}

int main(int argc, char **argv)
{
	static const char * const tests[] = { "random_device_trees" };
	const struct seeds seeds = {
		.tests = tests, .nr_tests = 1, .inputs = INPUTS, .run = run_input,
	};
	int i;

	if (argc < 2 || argc > TREES)
		return 1;
	for (i = 1; i < argc; i++)
		trees[nr_trees++] = read_tree(argv[i]);
	fuzz_initialize(&argc, &argv);
	return seeds_main(&seeds);
}
