// SPDX-License-Identifier: GPL-2.0
/*
 * The validator must be able to fail: break each thing, see it named.
 */

#include "kselftest_harness.h"
#include "sample.h"

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

/* Two holes that are right children, each in the place of the other. */
static void swap_cousins(struct unit *unit, u32 one, u32 two)
{
	struct carveout_store *store = &unit->heap.store;
	struct carveout_span *a = carveout_span(store, one), *b = carveout_span(store, two);
	u32 parent = a->bin_prev;

	a->bin_prev = b->bin_prev;
	b->bin_prev = parent;
	carveout_aux(store, a->bin_prev & ~CARVEOUT_IN_TRIE)->child[1] = one;
	carveout_aux(store, b->bin_prev & ~CARVEOUT_IN_TRIE)->child[1] = two;
}

/* Break one thing. Return what must be found, CARVEOUT_INVARIANTS at the end. */
static enum carveout_invariant damage(struct sample *sample, unsigned int what)
{
	struct carveout_heap *heap = &sample->unit.heap;
	struct carveout_store *store = &heap->store;
	struct carveout_region *region = heap->region[0];
	struct carveout_span *wall = carveout_span(store, sample->wall[3].index);
	struct carveout_span *node = carveout_span(store, sample->node);
	struct carveout_span *equal = carveout_span(store, sample->equal);
	u32 *child = carveout_aux(store, sample->node)->child;
	unsigned int chunk = store->next_chunk - 1;
	u32 index;

	switch (what) {
	case 0:
		heap->broken = true;
		return CARVEOUT_BROKEN_BEFORE;
	case 1:
		store->bad = true;
		return CARVEOUT_BROKEN_BEFORE;
	case 2:
		store->limit--;
		return CARVEOUT_BROKEN_STORE;
	case 3:
		store->fresh = 63;
		return CARVEOUT_BROKEN_STORE;
	case 4:
		store->fresh = store->limit + 1;
		return CARVEOUT_BROKEN_STORE;
	case 5:
		store->next_chunk = 6;
		return CARVEOUT_BROKEN_STORE;
	case 6:
		store->next_chunk = 33;
		return CARVEOUT_BROKEN_STORE;
	case 7:
		store->span[chunk] = NULL;
		return CARVEOUT_BROKEN_STORE;
	case 8:
		store->aux[chunk] = NULL;
		return CARVEOUT_BROKEN_STORE;
	case 9:
		store->tag[chunk] = NULL;
		return CARVEOUT_BROKEN_STORE;
	case 10:
		heap->shift = 64;
		return CARVEOUT_BROKEN_STORE;
	case 11:
		heap->nr_regions = 65;
		return CARVEOUT_BROKEN_TABLE;
	case 12:
		heap->nr_regions = 3;
		return CARVEOUT_BROKEN_TABLE;
	case 13:
		heap->nr_regions = 1;
		return CARVEOUT_BROKEN_TABLE;
	case 14:
		heap->region[1] = heap->region[0];
		return CARVEOUT_BROKEN_TABLE;
	case 15:
		region->size = 0;
		return CARVEOUT_BROKEN_REGION;
	case 16:
		region->base++;
		return CARVEOUT_BROKEN_REGION;
	case 17:
		region->size++;
		return CARVEOUT_BROKEN_REGION;
	case 18:
		region->size = ~0ULL - 63;
		return CARVEOUT_BROKEN_REGION;
	case 19:
		heap->region[1]->base = SAMPLE_BASE + 0x1000;
		return CARVEOUT_BROKEN_REGION;
	case 20:
		heap->region[1]->base = SAMPLE_BASE - 0x1000;
		return CARVEOUT_BROKEN_REGION;
	case 21:
		heap->region[1]->base = SAMPLE_BASE + 0x200000;
		heap->region[1]->attrs = 0;
		return CARVEOUT_BROKEN_REGION;
	case 22:
		heap->region[1]->base = SAMPLE_BASE - 0x100000;
		heap->region[1]->attrs = 0;
		return CARVEOUT_BROKEN_REGION;
	case 23:
		wall->next = 1000;
		return CARVEOUT_BROKEN_INDEX;
	case 24:
		region->chain.first = 1;
		return CARVEOUT_BROKEN_INDEX;
	case 25:
		child[0] = 1000;
		return CARVEOUT_BROKEN_INDEX;
	case 26:
		node->bin_next = 1U << 31;
		return CARVEOUT_BROKEN_INDEX;
	case 27:
		region->bins.head[2] = 2;
		return CARVEOUT_BROKEN_INDEX;
	case 28:
		store->free = 2000;
		return CARVEOUT_BROKEN_INDEX;
	case 29:
		*carveout_tag(store, sample->wall[3].index) = CARVEOUT_FREE;
		return CARVEOUT_BROKEN_STATE;
	case 30:
		*carveout_tag(store, sample->wall[3].index) |= CARVEOUT_TAG_STATE;
		return CARVEOUT_BROKEN_STATE;
	case 31:
		*carveout_tag(store, sample->wall[3].index) ^= 1 << CARVEOUT_TAG_REGION_SHIFT;
		return CARVEOUT_BROKEN_STATE;
	case 32:
		wall->prev = 0;
		return CARVEOUT_BROKEN_BACK;
	case 33:
		region->chain.last = sample->wall[3].index;
		return CARVEOUT_BROKEN_BACK;
	case 34:
		wall->start += 64;
		return CARVEOUT_BROKEN_ORDER;
	case 35:
		wall->size += 64;
		return CARVEOUT_BROKEN_ORDER;
	case 36:
		carveout_span(store, region->chain.last)->size += 64;
		return CARVEOUT_BROKEN_ORDER;
	case 37:
		wall->next = 0;
		return CARVEOUT_BROKEN_ORDER;
	case 38:
		wall->next = sample->wall[3].index;
		return CARVEOUT_BROKEN_BACK;
	case 39:
		wall->size = 0;
		return CARVEOUT_BROKEN_SIZE;
	case 40:
		wall->size++;
		return CARVEOUT_BROKEN_SIZE;
	case 41:
		*carveout_tag(store, sample->wall[3].index) = CARVEOUT_HOLE;
		return CARVEOUT_BROKEN_HOLES;
	case 42:
		wall->gen = 0;
		return CARVEOUT_BROKEN_GEN;
	case 43:
		region->bins.head[2] = sample->wall[3].index;
		return CARVEOUT_BROKEN_BIN;
	case 44:
		region->bins.head[2] = region->chain.last;
		return CARVEOUT_BROKEN_BIN;
	case 45:
		region->bins.head[2] = hole_of_size(&sample->unit, 5, true);
		return CARVEOUT_BROKEN_BIN;
	case 46:
		region->bins.head[2] = heap->region[1]->chain.last;
		return CARVEOUT_BROKEN_BIN;
	case 47:
		node->bin_prev = CARVEOUT_IN_TRIE;
		return CARVEOUT_BROKEN_LINK;
	case 48:
		equal->bin_prev = sample->root;
		return CARVEOUT_BROKEN_LINK;
	case 49:
		equal->bin_next = sample->equal;
		return CARVEOUT_BROKEN_LINK;
	case 50:
		node->bin_prev &= ~CARVEOUT_IN_TRIE;
		return CARVEOUT_BROKEN_LINK;
	case 51:
		index = child[0];
		child[0] = child[1];
		child[1] = index;
		return CARVEOUT_BROKEN_TRIE;
	case 52:
		child[0] = child[0] ? child[0] : child[1];
		child[1] = child[0];
		return CARVEOUT_BROKEN_TRIE;
	case 53:
		/* A hole of a size that exists, below it instead of behind it. */
		index = sample->leaf;
		node->bin_next = equal->bin_next;
		carveout_aux(store, index)->child[0] = sample->equal;
		equal->bin_prev = index | CARVEOUT_IN_TRIE;
		equal->bin_next = 0;
		memset(carveout_aux(store, sample->equal), 0, sizeof(union carveout_aux));
		return CARVEOUT_BROKEN_TRIE;
	case 54:
		index = sample->root;
		equal->bin_prev = index;
		equal->bin_next = 0;
		node->bin_next = 0;
		carveout_span(store, index)->bin_next = sample->equal;
		return CARVEOUT_BROKEN_EQUAL;
	case 55:
		region->bins.word[0] |= 1ULL << 3;
		return CARVEOUT_BROKEN_BITMAP;
	case 56:
		region->bins.word[0] &= ~(1ULL << 2);
		return CARVEOUT_BROKEN_BITMAP;
	case 57:
		region->bins.summary ^= 1;
		return CARVEOUT_BROKEN_BITMAP;
	case 58:
		region->bins.summary ^= 1ULL << 63;
		return CARVEOUT_BROKEN_BITMAP;
	case 59:
		region->bins.head[2] = 0;
		return CARVEOUT_BROKEN_BITMAP;
	case 60:
		node->bin_next = 0;
		return CARVEOUT_BROKEN_UNBINNED;
	case 61:
		child[0] = 0;
		child[1] = 0;
		return CARVEOUT_BROKEN_UNBINNED;
	case 62:
		region->used += 64;
		return CARVEOUT_BROKEN_COUNT;
	case 63:
		region->nr_used++;
		return CARVEOUT_BROKEN_COUNT;
	case 64:
		region->nr_holes--;
		return CARVEOUT_BROKEN_COUNT;
	case 65:
		region->high = region->used - 64;
		return CARVEOUT_BROKEN_COUNT;
	case 66:
		region->high = region->size + 64;
		return CARVEOUT_BROKEN_COUNT;
	case 67:
		heap->size += 64;
		return CARVEOUT_BROKEN_COUNT;
	case 68:
		heap->used += 64;
		return CARVEOUT_BROKEN_COUNT;
	case 69:
		heap->nr_used++;
		return CARVEOUT_BROKEN_COUNT;
	case 70:
		heap->nr_holes++;
		return CARVEOUT_BROKEN_COUNT;
	case 71:
		heap->high = heap->used - 64;
		return CARVEOUT_BROKEN_COUNT;
	case 72:
		heap->high = 0;
		return CARVEOUT_BROKEN_COUNT;
	case 73:
		store->nr_free++;
		return CARVEOUT_BROKEN_FREE;
	case 74:
		store->nr_free--;
		return CARVEOUT_BROKEN_FREE;
	case 75:
		store->free = sample->wall[3].index;
		return CARVEOUT_BROKEN_FREE;
	case 76:
		carveout_span(store, store->free)->next = store->free;
		return CARVEOUT_BROKEN_FREE;
	case 77:
		store->fresh++;
		return CARVEOUT_BROKEN_LOST;
	case 78:
		store->free = carveout_span(store, store->free)->next;
		store->nr_free--;
		return CARVEOUT_BROKEN_LOST;
	case 79:
		/* Deeper than there are bits to decide. */
		index = hole_of_size(&sample->unit, 64, false);
		equal = carveout_span(store, index);
		carveout_span(store, equal->bin_prev)->bin_next = 0;
		equal->bin_prev = hole_of_size(&sample->unit, 65, true);
		carveout_aux(store, equal->bin_prev)->child[0] = index;
		equal->bin_prev |= CARVEOUT_IN_TRIE;
		memset(carveout_aux(store, index), 0, sizeof(union carveout_aux));
		return CARVEOUT_BROKEN_TRIE;
	case 80:
		/* On the right side of a wrong parent. */
		swap_cousins(&sample->unit, hole_of_size(&sample->unit, 1034, true),
			     hole_of_size(&sample->unit, 1055, true));
		return CARVEOUT_BROKEN_TRIE;
	case 81:
		/* Two neighbours whose sizes are wrong, but not their sum. */
		wall = carveout_span(store, sample->wall[16].index);
		node = carveout_span(store, wall->next);
		wall->size += 1ULL << 63;
		node->start += 1ULL << 63;
		node->size -= 1ULL << 63;
		return CARVEOUT_BROKEN_ORDER;
	case 82:
		/* An allocation in the bin of its size. */
		region->bins.head[1] = sample->wall[3].index;
		region->bins.word[0] |= 1 << 1;
		return CARVEOUT_BROKEN_BIN;
	case 83:
		heap->nr_pieces--;
		return CARVEOUT_BROKEN_PIECES;
	case 84:
		heap->nr_pieces = CARVEOUT_MAX_PIECES + 1;
		return CARVEOUT_BROKEN_PIECES;
	case 85:
		heap->piece[1] = heap->piece[0];
		return CARVEOUT_BROKEN_PIECES;
	case 86:
		heap->piece[0] = NULL;
		return CARVEOUT_BROKEN_PIECES;
	case 87:
		region->index.size += 64;
		return CARVEOUT_BROKEN_PIECES;
	case 88:
		region->index.base -= 64;
		return CARVEOUT_BROKEN_PIECES;
	case 89:
		carveout_index_clear(&region->index, 0);
		return CARVEOUT_BROKEN_ADDRESS;
	case 90:
		region->index.first[0] = sample->wall[3].index;
		return CARVEOUT_BROKEN_ADDRESS;
	case 91:
		/* Inside the region's last hole, which began long before. */
		carveout_index_set(&region->index, 510, sample->wall[3].index);
		return CARVEOUT_BROKEN_ADDRESS;
	case 92:
		region->index.level[3][0] ^= 1 << 1;
		return CARVEOUT_BROKEN_ADDRESS;
	}
	return CARVEOUT_INVARIANTS;
}

TEST(validator_names_each_invariant)
{
	static struct sample sample;
	unsigned int what, seen[CARVEOUT_INVARIANTS] = { };
	struct carveout_report report;
	enum carveout_invariant want;

	for (what = 0; ; what++) {
		sample_init(&sample);
		want = damage(&sample, what);
		if (want == CARVEOUT_INVARIANTS)
			break;
		ASSERT_EQ(-EUCLEAN, carveout_heap_validate(&sample.unit.heap, &report))
			TH_LOG("damage %u is not noticed", what);
		ASSERT_EQ(want, report.what)
			TH_LOG("damage %u is called '%s'", what,
			       carveout_report_string(&report));
		ASSERT_TRUE(sample.unit.heap.broken);
		seen[want]++;
		unit_fini(&sample.unit);
	}
	unit_fini(&sample.unit);
	for (what = CARVEOUT_SOUND + 1; what < CARVEOUT_INVARIANTS; what++)
		ASSERT_NE(0, seen[what]) TH_LOG("invariant %u is never broken", what);
}

/* The first reaches into the second, which is in the same region. */
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
		report.what = i;
		ASSERT_NE(NULL, carveout_report_string(&report));
		ASSERT_STRNE("unknown", carveout_report_string(&report));
	}
	report.what = CARVEOUT_INVARIANTS;
	ASSERT_STREQ("unknown", carveout_report_string(&report));
	report.what = (enum carveout_invariant)-1;
	ASSERT_STREQ("unknown", carveout_report_string(&report));
}

/* === Every bit ============================================================ */

static bool is_in(const void *byte, const void *start, size_t size)
{
	return (const u8 *)byte >= (const u8 *)start &&
	       (const u8 *)byte < (const u8 *)start + size;
}

/* Is the byte one of a descriptor's that mean nothing in its state? */
static bool is_idle(const struct carveout_store *store, u32 index, const void *byte)
{
	const struct carveout_span *span = carveout_span(store, index);
	bool in_aux = is_in(byte, carveout_aux(store, index), sizeof(union carveout_aux));

	switch (*carveout_tag(store, index) & CARVEOUT_TAG_STATE) {
	case CARVEOUT_FREE:
		return in_aux || (is_in(byte, span, sizeof(*span)) &&
				  !is_in(byte, &span->next, sizeof(span->next)));
	case CARVEOUT_USED:
		return in_aux || is_in(byte, &span->gen, sizeof(span->gen)) ||
		       is_in(byte, &span->bin_next, sizeof(span->bin_next));
	default:
		/* Children are read only in the trie of a bin of several sizes. */
		return in_aux && (span->size >> 6 < CARVEOUT_EXACT ||
				  !(span->bin_prev & CARVEOUT_IN_TRIE));
	}
}

/* Is the byte one that the structure does not depend on? */
static bool may_differ(const struct sample *sample, const void *byte)
{
	const struct carveout_heap *heap = &sample->unit.heap;
	u32 i;

	for (i = CARVEOUT_INDEX_FIRST; i < heap->store.fresh; i++)
		if (is_idle(&heap->store, i, byte))
			return true;
	for (i = 0; i < heap->nr_regions; i++) {
		const struct carveout_region *region = heap->region[i];
		const struct carveout_index *index = &region->index;

		if (is_in(byte, index->first, index->words[0] * 64 * sizeof(u32)))
			return !carveout_index_marked(index, ((const u8 *)byte -
						      (const u8 *)index->first) / sizeof(u32));
		/* With the room that the compiler leaves behind the attributes. */
		if (is_in(byte, &region->attrs, sizeof(u64)) ||
		    is_in(byte, &region->high, sizeof(region->high)) ||
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
	/* All in the first chunk. */
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
				sample->unit.heap.broken = false;
				noticed++;
			}
		}
	}
	ASSERT_SOUND(&sample->unit);
	ASSERT_LT(100000, noticed);
	ASSERT_GT(5000, ignored);
}
