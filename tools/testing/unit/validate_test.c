// SPDX-License-Identifier: GPL-2.0
/*
 * Validator: must detect each corruption and report the violated invariant.
 */

#include "kselftest_harness.h"
#include "corruptions.h"

TEST(sample_is_what_it_should_be)
{
	static struct sample sample;
	const struct carveout_store *store = &sample.unit.heap.store;
	const u32 *child;

	sample_init(&sample);
	ASSERT_SOUND(&sample.unit);
	ASSERT_LE(2, store->nr_free);
	ASSERT_NE(0, sample.equal);
	ASSERT_NE(0, sample.small);
	ASSERT_EQ(0, carveout_span(store, sample.root)->bin_prev & ~CARVEOUT_IN_TRIE);
	ASSERT_NE(0, carveout_span(store, sample.node)->bin_prev & ~CARVEOUT_IN_TRIE);
	child = carveout_aux(store, sample.node)->child;
	ASSERT_NE(0, child[0] | child[1]);
	ASSERT_NE(0, sample.leaf);
	unit_fini(&sample.unit);
}

/* === Named invariants ===================================================== */

TEST(validator_names_each_invariant)
{
	static struct sample sample;
	unsigned int i, seen[CARVEOUT_INVARIANTS] = { };
	struct carveout_report report;

	for (i = 0; i < nr_corruptions; i++) {
		const struct corruption *corruption = &corruptions[i];

		sample_init(&sample);
		corrupt(&sample, corruption);
		ASSERT_EQ(-EUCLEAN, carveout_heap_validate(&sample.unit.heap, &report))
			TH_LOG("%s: not detected", corruption->desc);
		ASSERT_EQ(corruption->found, report.invariant)
			TH_LOG("%s: reported as '%s'", corruption->desc,
			       carveout_report_string(&report));
		ASSERT_TRUE(sample.unit.heap.corrupted);
		seen[corruption->found]++;
		unit_fini(&sample.unit);
	}
	for (i = CARVEOUT_SOUND + 1; i < CARVEOUT_INVARIANTS; i++)
		ASSERT_NE(0, seen[i]) TH_LOG("no corruption violates invariant %u", i);
}

/* The first piece overlaps the second one, which is in the same region. */
TEST(validator_notices_pieces_that_overlap)
{
	static struct unit unit;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x10000, 0x1000, 0));
	ASSERT_EQ(0, unit_add(&unit, 0x11000, 0x1000, 0));
	ASSERT_SOUND(&unit);
	unit.heap.piece[0]->size += 64;
	ASSERT_STREQ("table of pieces disagrees with the regions", unit_check(&unit));
	unit_fini(&unit);
}

TEST(validator_has_a_name_for_everything)
{
	struct carveout_report report;
	unsigned int i;

	for (i = 0; i < CARVEOUT_INVARIANTS; i++) {
		report.invariant = i;
		ASSERT_NE(NULL, carveout_report_string(&report));
		ASSERT_STRNE("unknown", carveout_report_string(&report));
	}
	report.invariant = CARVEOUT_INVARIANTS;
	ASSERT_STREQ("unknown", carveout_report_string(&report));
	report.invariant = (enum carveout_invariant)-1;
	ASSERT_STREQ("unknown", carveout_report_string(&report));
}

/* === Every bit ============================================================ */

static bool is_in(const void *byte, const void *start, size_t size)
{
	return (const u8 *)byte >= (const u8 *)start &&
	       (const u8 *)byte < (const u8 *)start + size;
}

/* Is the byte a part of the descriptor that has no meaning in its state? */
static bool is_idle(const struct carveout_store *store, u32 index, const void *byte)
{
	const struct carveout_span *span = carveout_span(store, index);
	bool in_aux = is_in(byte, carveout_aux(store, index), sizeof(union carveout_aux));

	switch (carveout_mark(span) & CARVEOUT_MARK_STATE) {
	case CARVEOUT_FREE:
		return in_aux || (is_in(byte, span, sizeof(*span)) &&
				  !is_in(byte, &span->next, sizeof(span->next)) &&
				  byte != (const void *)&span->key);
	case CARVEOUT_USED:
		return in_aux || is_in(byte, &span->gen, sizeof(span->gen)) ||
		       is_in(byte, &span->bin_next, sizeof(span->bin_next));
	default:
		/* Children are read only in the trie of a bin of several sizes. */
		return in_aux && (carveout_granules(span) < CARVEOUT_EXACT ||
				  !(span->bin_prev & CARVEOUT_IN_TRIE));
	}
}

/* Is the byte one that the validator does not check? */
static bool may_differ(const struct sample *sample, const void *byte)
{
	const struct carveout_heap *heap = &sample->unit.heap;
	u32 i;

	for (i = CARVEOUT_INDEX_FIRST; i < heap->store.fresh; i++)
		if (is_idle(&heap->store, i, byte))
			return true;
	for (i = 0; i < heap->nr_regions; i++) {
		const struct carveout_region *region = heap->region[i];
		const struct carveout_addr_map *map = &region->map;

		if (is_in(byte, map->first, map->words[0] * 64 * sizeof(u32)))
			return !carveout_addr_map_marked(map, ((const u8 *)byte -
						      (const u8 *)map->first) / sizeof(u32));
		if (is_in(byte, &region->attrs, sizeof(region->attrs)) ||
		    is_in(byte, &region->nr_nospc, sizeof(region->nr_nospc)) ||
		    is_in(byte, &region->nr_missed, sizeof(region->nr_missed)))
			return true;
	}
	return false;
}

FIXTURE(bits) {
	struct sample *sample;
};

FIXTURE_SETUP(bits)
{
	static struct sample sample;

	self->sample = &sample;
	sample_init(&sample);
	/* All descriptors are in the first chunk. */
	ASSERT_EQ(1, sample.unit.nr_chunk);
}

FIXTURE_TEARDOWN(bits)
{
	unit_fini(&self->sample->unit);
}

TEST_F_TIMEOUT(bits, validator_notices_each, 120)
{
	struct sample *sample = self->sample;
	unsigned int i, bit, ignored = 0, noticed = 0;
	struct carveout_report report;
	struct piece piece[SAMPLE_PIECES];
	size_t at;

	pieces_of(sample, piece);
	for (i = 0; i < SAMPLE_PIECES; i++) {
		for (at = 0; at < piece[i].size; at++) {
			if (may_differ(sample, piece[i].start + at)) {
				ignored++;
				continue;
			}
			for (bit = 0; bit < 8; bit++) {
				piece[i].start[at] ^= 1 << bit;
				ASSERT_EQ(-EUCLEAN, carveout_heap_validate(&sample->unit.heap,
									   &report))
					TH_LOG("piece %u byte %zu bit %u", i, at, bit);
				piece[i].start[at] ^= 1 << bit;
				sample->unit.heap.corrupted = false;
				noticed++;
			}
		}
	}
	ASSERT_SOUND(&sample->unit);
	ASSERT_LT(100000, noticed);
	ASSERT_GT(5000, ignored);
}
