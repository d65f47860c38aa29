// SPDX-License-Identifier: GPL-2.0
/*
 * Corruptions of the sample heap, with the invariant that each one violates.
 */

#include "corruptions.h"

/* === Objects ============================================================== */

/* Objects of the sample with fields to change. Those from OBJECT_SPAN on are spans. */
enum object {
	OBJECT_HEAP,
	OBJECT_REGION_0,
	OBJECT_REGION_1,
	OBJECT_CHILDREN,		/* second part of the descriptor of the node */
	OBJECT_SPAN,
	OBJECT_WALL = OBJECT_SPAN,	/* an allocation between two holes */
	OBJECT_ROOT,
	OBJECT_NODE,
	OBJECT_EQUAL,
	OBJECT_FIVE,			/* the only hole of five granules */
	OBJECT_LAST_0,			/* last span of region 0 */
	OBJECT_LAST_1,			/* last span of region 1 */
	OBJECT_SPARE,			/* first free descriptor */
};

static struct carveout_store *store_of(struct sample *sample)
{
	return &sample->unit.heap.store;
}

static struct carveout_region *region_of(struct sample *sample, unsigned int nr)
{
	return sample->unit.heap.region[nr];
}

static u32 index_of(struct sample *sample, unsigned int object)
{
	switch (object) {
	case OBJECT_WALL:
		return sample->wall[3].index;
	case OBJECT_ROOT:
		return sample->root;
	case OBJECT_NODE:
		return sample->node;
	case OBJECT_EQUAL:
		return sample->equal;
	case OBJECT_FIVE:
		return hole_of_size(&sample->unit, 5, true);
	case OBJECT_LAST_0:
		return region_of(sample, 0)->chain.last;
	case OBJECT_LAST_1:
		return region_of(sample, 1)->chain.last;
	default:
		return store_of(sample)->free;
	}
}

static struct carveout_span *span_of(struct sample *sample, unsigned int object)
{
	return carveout_span(store_of(sample), index_of(sample, object));
}

static void *object_at(struct sample *sample, unsigned int object)
{
	switch (object) {
	case OBJECT_HEAP:
		return &sample->unit.heap;
	case OBJECT_REGION_0:
		return region_of(sample, 0);
	case OBJECT_REGION_1:
		return region_of(sample, 1);
	case OBJECT_CHILDREN:
		return carveout_aux(store_of(sample), sample->node);
	default:
		return span_of(sample, object);
	}
}

/* === Corruptions that take more than two changes of fields ================ */

static void fresh_is_beyond_limit(struct sample *sample)
{
	store_of(sample)->fresh = store_of(sample)->limit + 1;
}

static void region_is_there_twice(struct sample *sample)
{
	sample->unit.heap.region[1] = sample->unit.heap.region[0];
}

static void children_are_swapped(struct sample *sample)
{
	u32 *child = carveout_aux(store_of(sample), sample->node)->child;
	u32 index = child[0];

	child[0] = child[1];
	child[1] = index;
}

static void children_are_equal(struct sample *sample)
{
	u32 *child = carveout_aux(store_of(sample), sample->node)->child;

	child[0] = child[0] ? child[0] : child[1];
	child[1] = child[0];
}

/* Move the hole listed behind the node below the leaf, although their sizes are equal. */
static void equal_hole_is_below_its_node(struct sample *sample)
{
	struct carveout_store *store = store_of(sample);
	struct carveout_span *equal = span_of(sample, OBJECT_EQUAL);

	span_of(sample, OBJECT_NODE)->bin_next = equal->bin_next;
	carveout_aux(store, sample->leaf)->child[0] = sample->equal;
	equal->bin_prev = sample->leaf | CARVEOUT_IN_TRIE;
	equal->bin_next = 0;
	memset(carveout_aux(store, sample->equal), 0, sizeof(union carveout_aux));
}

static void equal_hole_is_listed_behind_the_root(struct sample *sample)
{
	struct carveout_span *equal = span_of(sample, OBJECT_EQUAL);

	equal->bin_prev = sample->root;
	equal->bin_next = 0;
	span_of(sample, OBJECT_NODE)->bin_next = 0;
	span_of(sample, OBJECT_ROOT)->bin_next = sample->equal;
}

static void region_high_is_below_used(struct sample *sample)
{
	region_of(sample, 0)->used.below = region_of(sample, 0)->used.high + 1;
}

/* The number of used bytes stays the same. */
static void region_high_is_above_size(struct sample *sample)
{
	region_of(sample, 0)->used.high += 0x200000 / 64;
	region_of(sample, 0)->used.below += 0x200000 / 64;
}

static void heap_high_is_above_size(struct sample *sample)
{
	sample->unit.heap.used.high += 0x300000 / 64;
	sample->unit.heap.used.below += 0x300000 / 64;
}

static void heap_high_is_below_used(struct sample *sample)
{
	sample->unit.heap.used.below = sample->unit.heap.used.high + 1;
}

static void free_descriptor_is_lost(struct sample *sample)
{
	struct carveout_store *store = store_of(sample);

	store->free = carveout_span(store, store->free)->next;
	store->nr_free--;
}

/* Below a leaf that is as deep as there are bits to decide. */
static void trie_is_too_deep(struct sample *sample)
{
	u32 leaf = hole_of_size(&sample->unit, 1043, true);
	struct carveout_store *store = store_of(sample);
	struct carveout_span *equal = span_of(sample, OBJECT_EQUAL);

	span_of(sample, OBJECT_NODE)->bin_next = equal->bin_next;
	equal->bin_prev = leaf | CARVEOUT_IN_TRIE;
	equal->bin_next = 0;
	carveout_aux(store, leaf)->child[0] = sample->equal;
	memset(carveout_aux(store, sample->equal), 0, sizeof(union carveout_aux));
}

/* Both holes are right children: each remains on the right side, of a wrong parent. */
static void cousins_are_swapped(struct sample *sample)
{
	u32 one = hole_of_size(&sample->unit, 1034, true);
	u32 two = hole_of_size(&sample->unit, 1055, true);
	struct carveout_store *store = store_of(sample);
	struct carveout_span *a = carveout_span(store, one), *b = carveout_span(store, two);
	u32 parent = a->bin_prev;

	a->bin_prev = b->bin_prev;
	b->bin_prev = parent;
	carveout_aux(store, a->bin_prev & ~CARVEOUT_IN_TRIE)->child[1] = one;
	carveout_aux(store, b->bin_prev & ~CARVEOUT_IN_TRIE)->child[1] = two;
}

/* The sizes of two neighbours are wrong, but not their sum. */
static void sizes_wrap(struct sample *sample)
{
	struct carveout_store *store = store_of(sample);
	struct carveout_span *wall = carveout_span(store, sample->wall[16].index);
	struct carveout_span *next = carveout_span(store, wall->next);

	wall->key += 1ULL << 63;
	next->start += 1ULL << 63;
	next->key -= 1ULL << 63;
}

static void piece_is_there_twice(struct sample *sample)
{
	sample->unit.heap.piece[1] = sample->unit.heap.piece[0];
}

static void address_map_lacks_a_group(struct sample *sample)
{
	carveout_addr_map_clear(&region_of(sample, 0)->map, 0);
}

static void address_map_has_another_span(struct sample *sample)
{
	region_of(sample, 0)->map.first[0] = sample->wall[3].index;
}

/* A group inside the region's last hole, which starts in an earlier group. */
static void address_map_has_a_group_too_many(struct sample *sample)
{
	carveout_addr_map_set(&region_of(sample, 0)->map, 510, sample->wall[3].index);
}

static void address_map_levels_disagree(struct sample *sample)
{
	region_of(sample, 0)->map.level[3][0] ^= 1 << 1;
}

/* === The table ============================================================ */

#define SIZE_OF(_type, ...) sizeof(((_type *)NULL)->__VA_ARGS__)
#define FIELD(_object, ...) {							\
	OBJECT_##_object, offsetof(__VA_ARGS__), SIZE_OF(__VA_ARGS__) }
#define HEAP(_field) FIELD(HEAP, struct carveout_heap, _field)
#define STORE(_field) FIELD(HEAP, struct carveout_heap, store._field)
#define REGION(_nr, _field) FIELD(REGION_##_nr, struct carveout_region, _field)
#define BINS(_field) FIELD(REGION_0, struct carveout_region, bins._field)
#define SPAN(_object, _field) FIELD(_object, struct carveout_span, _field)
#define CHILD(_nr) FIELD(CHILDREN, union carveout_aux, child[_nr])
/* The mark is the low byte, for the tests run on a little-endian machine. */
#define MARK(_object) { OBJECT_##_object, offsetof(struct carveout_span, key), sizeof(u8) }

#define SET(_field, _value) { _field, CORRUPTION_SET, (_value) }
#define SET_TO(_field, _object) { _field, CORRUPTION_SET_TO, OBJECT_##_object }
#define ADD(_field, _value) { _field, CORRUPTION_ADD, (_value) }
#define SET_BITS(_field, _value) { _field, CORRUPTION_SET_BITS, (_value) }
#define CLEAR_BITS(_field, _value) { _field, CORRUPTION_CLEAR_BITS, (_value) }
#define FLIP_BITS(_field, _value) { _field, CORRUPTION_FLIP_BITS, (_value) }

#define CHANGE(_desc, _found, ...) {						\
	.desc = (_desc), .found = CARVEOUT_CORRUPT_##_found, .change = { __VA_ARGS__ } }
#define CALL(_desc, _found, _apply) {						\
	.desc = (_desc), .found = CARVEOUT_CORRUPT_##_found, .apply = (_apply) }

const struct corruption corruptions[] = {
	CHANGE("heap is marked as corrupted", BEFORE, SET(HEAP(corrupted), true)),
	CHANGE("store is marked as corrupted", BEFORE, SET(STORE(corrupted), true)),
	CHANGE("limit is not the end of a chunk", STORE, ADD(STORE(limit), -1)),
	CHANGE("fresh is below the first index", STORE, SET(STORE(fresh), 63)),
	CALL("fresh is beyond the limit", STORE, fresh_is_beyond_limit),
	CHANGE("next chunk is below the first one", STORE, SET(STORE(next_chunk), 5)),
	CHANGE("next chunk is beyond the last one", STORE, SET(STORE(next_chunk), 32)),
	CHANGE("chunk has no descriptors", STORE,
	       SET(STORE(span[CARVEOUT_CHUNK_FIRST]), 0)),
	CHANGE("chunk has no second parts", STORE, SET(STORE(aux[CARVEOUT_CHUNK_FIRST]), 0)),
	CHANGE("chunk has another mask", STORE, SET(STORE(mask[CARVEOUT_CHUNK_FIRST]), 31)),
	CHANGE("chunk that does not exist has descriptors", STORE, SET(STORE(span[20]), 64)),
	CHANGE("chunk that does not exist has second parts", STORE, SET(STORE(aux[20]), 64)),
	CHANGE("chunk that does not exist has a mask", STORE, SET(STORE(mask[20]), 1)),
	CHANGE("spare descriptor is marked as free", STORE,
	       SET(STORE(spare.key), CARVEOUT_FREE)),
	CHANGE("granule has the width of an address", STORE, SET(HEAP(shift), 64)),
	CHANGE("mask is that of another granule", STORE, SET(HEAP(granule_mask), 127)),
	CHANGE("table has more regions than entries", TABLE, SET(HEAP(nr_regions), 65)),
	CHANGE("last region of the table is NULL", TABLE, SET(HEAP(nr_regions), 3)),
	CHANGE("region is behind the end of the table", TABLE, SET(HEAP(nr_regions), 1)),
	CALL("region is in the table twice", TABLE, region_is_there_twice),
	CHANGE("region is empty", REGION, SET(REGION(0, size), 0)),
	CHANGE("base of a region is unaligned", REGION, ADD(REGION(0, base), 1)),
	CHANGE("size of a region is unaligned", REGION, ADD(REGION(0, size), 1)),
	CHANGE("end of a region wraps", REGION, SET(REGION(0, size), ~0ULL - 63)),
	CHANGE("region starts in another one", REGION,
	       SET(REGION(1, base), SAMPLE_BASE + 0x1000)),
	CHANGE("region ends in another one", REGION,
	       SET(REGION(1, base), SAMPLE_BASE - 0x1000)),
	CHANGE("region behind another one is not joined", REGION,
	       SET(REGION(1, base), SAMPLE_BASE + 0x200000), SET(REGION(1, attrs), 0)),
	CHANGE("region in front of another one is not joined", REGION,
	       SET(REGION(1, base), SAMPLE_BASE - 0x100000), SET(REGION(1, attrs), 0)),
	CHANGE("next does not exist", INDEX, SET(SPAN(WALL, next), 1000)),
	CHANGE("first span of a region does not exist", INDEX, SET(REGION(0, chain.first), 1)),
	CHANGE("child does not exist", INDEX, SET(CHILD(0), 1000)),
	CHANGE("next equal hole does not exist", INDEX, SET(SPAN(NODE, bin_next), 1U << 31)),
	CHANGE("head of a bin does not exist", INDEX, SET(BINS(head[2]), 2)),
	CHANGE("first free descriptor does not exist", INDEX, SET(STORE(free), 2000)),
	CHANGE("allocation is marked as free", STATE, SET(MARK(WALL), CARVEOUT_FREE)),
	CHANGE("allocation has an unknown state", STATE, SET_BITS(MARK(WALL), CARVEOUT_MARK_STATE)),
	CHANGE("allocation is marked with another region", STATE,
	       FLIP_BITS(MARK(WALL), 1 << CARVEOUT_MARK_REGION_SHIFT)),
	CHANGE("prev is lost", BACK, SET(SPAN(WALL, prev), 0)),
	CHANGE("last span of a region is not the last", BACK,
	       SET_TO(REGION(0, chain.last), WALL)),
	CHANGE("span starts behind the end of the one before it", ORDER,
	       ADD(SPAN(WALL, start), 64)),
	CHANGE("span ends behind the start of the next one", ORDER,
	       ADD(SPAN(WALL, key), 1 << CARVEOUT_MARK_BITS)),
	CHANGE("last span ends behind the end of the region", ORDER,
	       ADD(SPAN(LAST_0, key), 1 << CARVEOUT_MARK_BITS)),
	CHANGE("chain ends before the end of the region", ORDER, SET(SPAN(WALL, next), 0)),
	CHANGE("next is the span itself", BACK, SET_TO(SPAN(WALL, next), WALL)),
	CHANGE("size is 0", SIZE, SET(SPAN(WALL, key), CARVEOUT_USED)),
	CHANGE("size has another high bit", ORDER, FLIP_BITS(SPAN(WALL, key), 1ULL << 63)),
	CHANGE("allocation behind a hole is marked as a hole", HOLES,
	       SET(MARK(WALL), CARVEOUT_HOLE)),
	CHANGE("allocation has generation 0", GEN, SET(SPAN(WALL, gen), 0)),
	CHANGE("head of a bin is an allocation", BIN, SET_TO(BINS(head[2]), WALL)),
	CHANGE("head of a bin is a larger hole", BIN, SET_TO(BINS(head[2]), LAST_0)),
	CHANGE("head of a bin is the head of another bin", BIN, SET_TO(BINS(head[2]), FIVE)),
	CHANGE("head of a bin is a span of another region", BIN,
	       SET_TO(BINS(head[2]), LAST_1)),
	CHANGE("node has no parent", LINK, SET(SPAN(NODE, bin_prev), CARVEOUT_IN_TRIE)),
	CHANGE("equal hole links back to another node", LINK,
	       SET_TO(SPAN(EQUAL, bin_prev), ROOT)),
	CHANGE("list of equal holes has a cycle", LINK, SET_TO(SPAN(EQUAL, bin_next), EQUAL)),
	CHANGE("node links back like a hole of a list", LINK,
	       CLEAR_BITS(SPAN(NODE, bin_prev), CARVEOUT_IN_TRIE)),
	CALL("children are swapped", TRIE, children_are_swapped),
	CALL("both children are the same", TRIE, children_are_equal),
	CALL("equal hole is below its node instead of behind it", TRIE,
	     equal_hole_is_below_its_node),
	CALL("list of equal holes has another size", EQUAL,
	     equal_hole_is_listed_behind_the_root),
	CHANGE("bit of an empty bin is set", BITMAP, SET_BITS(BINS(word[0]), 1ULL << 3)),
	CHANGE("bit of a bin with holes is clear", BITMAP, CLEAR_BITS(BINS(word[0]), 1ULL << 2)),
	CHANGE("summary has another bit", BITMAP, FLIP_BITS(BINS(summary), 1)),
	CHANGE("summary has a bit beyond the last word", BITMAP,
	       FLIP_BITS(BINS(summary), 1ULL << 63)),
	CHANGE("head of a bin is lost", BITMAP, SET(BINS(head[2]), 0)),
	CHANGE("equal hole is lost", UNBINNED, SET(SPAN(NODE, bin_next), 0)),
	CHANGE("children are lost", UNBINNED, SET(CHILD(0), 0), SET(CHILD(1), 0)),
	CHANGE("region has too many used bytes", COUNT, ADD(REGION(0, used.below), -1)),
	CHANGE("region has an allocation too many", COUNT, ADD(REGION(0, nr_used), 1)),
	CHANGE("region has a hole too few", COUNT, ADD(REGION(0, nr_holes), -1)),
	CALL("maximum of a region is below its used bytes", COUNT, region_high_is_below_used),
	CALL("maximum of a region is above its size", COUNT, region_high_is_above_size),
	CHANGE("heap has too many bytes", COUNT, ADD(HEAP(size), 64)),
	CHANGE("heap has too many used bytes", COUNT, ADD(HEAP(used.below), -1)),
	CALL("maximum of the heap is below its used bytes", COUNT, heap_high_is_below_used),
	CALL("maximum of the heap is above its size", COUNT, heap_high_is_above_size),
	CHANGE("maximum of the heap is 0", COUNT, SET(HEAP(used.high), 0)),
	CHANGE("region has the mark of another one", REGION,
	       SET(REGION(0, hole), CARVEOUT_USED)),
	CHANGE("free list is shorter than its length", FREE, ADD(STORE(nr_free), 1)),
	CHANGE("free list is longer than its length", FREE, ADD(STORE(nr_free), -1)),
	CHANGE("free list starts with an allocation", FREE, SET_TO(STORE(free), WALL)),
	CHANGE("free list has a cycle", FREE, SET_TO(SPAN(SPARE, next), SPARE)),
	CHANGE("unused descriptor counts as used", LOST, ADD(STORE(fresh), 1)),
	CALL("free descriptor is not on the free list", LOST, free_descriptor_is_lost),
	CALL("trie is deeper than its open bits", TRIE, trie_is_too_deep),
	CALL("two holes of a trie are swapped", TRIE, cousins_are_swapped),
	CALL("sizes of two neighbours wrap", ORDER, sizes_wrap),
	CHANGE("allocation is in the bin of its size", BIN, SET_TO(BINS(head[1]), WALL),
	       SET_BITS(BINS(word[0]), 1 << 1)),
	CHANGE("table lacks a piece", PIECES, ADD(HEAP(nr_pieces), -1)),
	CHANGE("table has more pieces than entries", PIECES,
	       SET(HEAP(nr_pieces), CARVEOUT_MAX_PIECES + 1)),
	CALL("piece is in the table twice", PIECES, piece_is_there_twice),
	CHANGE("piece is NULL", PIECES, SET(HEAP(piece[0]), 0)),
	CHANGE("piece ends behind its region", PIECES, ADD(REGION(0, map.size), 64)),
	CHANGE("piece starts in front of its region", PIECES, ADD(REGION(0, map.base), -64)),
	CHANGE("address map has another unit", PIECES, ADD(REGION(0, map.shift), 1)),
	CHANGE("address map starts at another group", PIECES, ADD(REGION(0, map.offset), 1)),
	CHANGE("address map has another length", PIECES, ADD(REGION(0, map.words[1]), 1)),
	CHANGE("region of one piece has the mask of several", PIECES,
	       SET(REGION(0, group_mask), ~0ULL)),
	CALL("address map lacks a group", ADDR_MAP, address_map_lacks_a_group),
	CALL("address map has another span of the group", ADDR_MAP,
	     address_map_has_another_span),
	CALL("address map has a group in which no span starts", ADDR_MAP,
	     address_map_has_a_group_too_many),
	CALL("levels of the address map disagree", ADDR_MAP, address_map_levels_disagree),
};

const unsigned int nr_corruptions = ARRAY_SIZE(corruptions);

/* === Applying them ======================================================== */

static void apply_change(struct sample *sample, const struct corruption_change *change)
{
	u8 *at = (u8 *)object_at(sample, change->field.object) + change->field.offset;
	u64 number = 0;

	/* Little-endian: the low bytes of @number are a field of any size. */
	memcpy(&number, at, change->field.size);
	switch (change->op) {
	case CORRUPTION_SET:
		number = change->value;
		break;
	case CORRUPTION_SET_TO:
		number = index_of(sample, change->value);
		break;
	case CORRUPTION_ADD:
		number += change->value;
		break;
	case CORRUPTION_SET_BITS:
		number |= change->value;
		break;
	case CORRUPTION_CLEAR_BITS:
		number &= ~change->value;
		break;
	case CORRUPTION_FLIP_BITS:
		number ^= change->value;
		break;
	case CORRUPTION_END:
		return;
	}
	memcpy(at, &number, change->field.size);
}

/* Apply a corruption to a sound sample. */
void corrupt(struct sample *sample, const struct corruption *corruption)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(corruption->change); i++)
		apply_change(sample, &corruption->change[i]);
	if (corruption->apply)
		corruption->apply(sample);
}
