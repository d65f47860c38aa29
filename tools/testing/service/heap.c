// SPDX-License-Identifier: GPL-2.0
/*
 * A model of carveout: see heap.h.
 *
 * An object is an allocation of its own, so that ASan finds a use after its end.
 */

#include "heap_types.h"

#define HISTORY		4096

struct heap_state heap_state;
unsigned int heap_sessions;

static struct carveout heaps[HEAPS];
static u64 last_number;

/* The latest buffers. */
static struct past {
	u64 generation, phys, size;
	u32 attrs;
} history[HISTORY];

u64 heap_next_number(void)
{
	return ++last_number;
}

int heap_fails(const int *errors, unsigned int count)
{
	if (!heap_state.fails)
		return 0;
	heap_state.fails = false;
	heap_state.failures++;
	return errors[heap_state.which % count];
}

int heap_check_tag(const char *tag)
{
	const char *c;

	if (!tag[0] || strnlen(tag, NAME_LEN) == NAME_LEN)
		return -EINVAL;
	for (c = tag; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '/')
			return -EINVAL;
	return 0;
}

/* === Heaps ================================================================ */

void heap_begin(void)
{
	static const struct {
		const char *name;
		phys_addr_t base;
		u32 attrs;
	} kinds[HEAPS] = {
		{ "one", 0x40000000, CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_PAGES },
		/* It crosses 4 GiB. */
		{ "two", 0xffffc000, CARVEOUT_ATTR_UNCACHED },
	};
	unsigned int i;

	heap_state = (struct heap_state){};
	heap_sessions = 0;
	last_number = 0;
	memset(history, 0, sizeof(history));
	for (i = 0; i < HEAPS; i++) {
		heaps[i] = (struct carveout){
			.name = kinds[i].name,
			.base = kinds[i].base,
			.attrs = kinds[i].attrs,
			.changes = 100 * i,
		};
		INIT_LIST_HEAD(&heaps[i].bufs);
		INIT_LIST_HEAD(&heaps[i].watches);
	}
}

/* Nothing of the service is left. */
void heap_end(void)
{
	unsigned int i;

	if (heap_state.waits || heap_state.watches || heap_state.owners || heap_sessions)
		bug("left: %u waits, %u watches, %u owners, %u sessions", heap_state.waits,
		    heap_state.watches, heap_state.owners, heap_sessions);
	for (i = 0; i < HEAPS; i++)
		if (heaps[i].refs || !list_empty(&heaps[i].bufs))
			bug("heap %u has %u references%s", i, heaps[i].refs,
			    list_empty(&heaps[i].bufs) ? "" : ", and buffers");
}

struct carveout *heap_number(unsigned int number)
{
	return &heaps[number % HEAPS];
}

bool heap_is_dead(const struct carveout *heap)
{
	return heap->dead;
}

u32 heap_attrs(u64 phys)
{
	return heaps[carveout_region_at(&heaps[0], phys) ? 1 : 0].attrs;
}

static struct carveout *get(struct carveout *heap)
{
	heap->refs++;
	return heap;
}

static void put(struct carveout *heap)
{
	if (!heap->refs--)
		bug("a heap has no reference");
}

struct carveout *carveout_get_by_name(const char *name)
{
	unsigned int i;
	int err = fails(-ENOENT, -ENODEV, -EPROBE_DEFER);

	might_sleep();
	if (err)
		return ERR_PTR(err);
	for (i = 0; i < HEAPS; i++)
		if (!strcmp(heaps[i].name, name))
			return heaps[i].dead ? ERR_PTR(-ENODEV) : get(&heaps[i]);
	return ERR_PTR(-ENOENT);
}

struct carveout *carveout_get(struct device *dev, const char *name)
{
	(void)dev;
	return carveout_get_by_name(name ?: heaps[0].name);
}

void carveout_put(struct carveout *heap)
{
	might_sleep();
	put(heap);
}

void carveout_stats(struct carveout *heap, struct carveout_stats *stats)
{
	unsigned int i;

	*stats = (struct carveout_stats){ .size = HEAP_PAGES * PAGE, .regions = 1 };
	for (i = 0; i < HEAP_PAGES; i++)
		stats->used += heap->page[i] * PAGE;
	stats->largest_hole = stats->size - stats->used;
}

int carveout_region_info(struct carveout *heap, unsigned int index,
			 struct carveout_region_info *info)
{
	if (index)
		return -ENOENT;
	*info = (struct carveout_region_info){
		.memory = { .base = heap->base, .size = HEAP_PAGES * PAGE, .attrs = heap->attrs },
	};
	return 0;
}

int carveout_region_at(struct carveout *heap, phys_addr_t phys)
{
	return phys >= heap->base && phys - heap->base < HEAP_PAGES * PAGE ? 0 : -ENOENT;
}

/* === Buffers ============================================================== */

static struct carveout_buf *find(struct carveout *heap, const char *tag)
{
	struct carveout_buf *buf;

	list_for_each_entry(buf, &heap->bufs, node)
		if (buf->tag[0] && !strcmp(buf->tag, tag))
			return buf;
	return NULL;
}

struct carveout_buf *__carveout_buf_get(struct carveout_buf *buf)
{
	if (!buf->refs)
		bug("a buffer that has ended gets a reference");
	buf->refs++;
	return buf;
}

struct carveout_buf *carveout_buf_get(struct carveout_buf *buf)
{
	return __carveout_buf_get(buf);
}

static void free_buf(struct carveout_buf *buf)
{
	struct carveout *heap = buf->heap;
	unsigned int i;

	for (i = 0; i < buf->pages; i++)
		heap->page[buf->first + i] = false;
	if (buf->account)
		buf->account->used -= buf->pages * PAGE;
	list_del(&buf->node);
	kfree(buf->pool);
	free(buf->memory);
	kfree(buf);
	put(heap);
}

/* Without references, a buffer that is held keeps its memory. */
static void release(struct carveout_buf *buf)
{
	struct carveout *heap = buf->heap;
	char tag[NAME_LEN];

	if (buf->pool && (buf->pool->clients || !list_empty(&buf->pool->waits)))
		bug("a pool ends with clients");
	memcpy(tag, buf->tag, sizeof(tag));
	buf->tag[0] = 0;
	if (!buf->holds)
		free_buf(buf);
	if (tag[0])
		heap_changed(heap, tag);
}

void carveout_buf_hold(struct carveout_buf *buf)
{
	if (!buf->refs)
		bug("a buffer that has ended is held");
	buf->holds++;
}

void carveout_buf_unhold(struct carveout_buf *buf)
{
	if (!buf->holds)
		bug("a buffer that is not held is released");
	if (!--buf->holds && !buf->refs)
		free_buf(buf);
}

void carveout_buf_put(struct carveout_buf *buf)
{
	if (!buf->refs)
		bug("a buffer has no reference");
	if (!--buf->refs)
		release(buf);
}

void carveout_buf_put_sync(struct carveout_buf *buf)
{
	might_sleep();
	carveout_buf_put(buf);
}

static bool permits(const struct carveout_owner *owner, const struct carveout_buf *buf,
		    bool write)
{
	umode_t need = write ? 6 : 4;
	umode_t mode = buf->mode;

	if (owner->uid == buf->uid)
		mode >>= 6;
	else if (owner->gid == buf->gid)
		mode >>= 3;
	return (mode & need) == need;
}

struct carveout_buf *heap_look_up(struct carveout *heap, struct carveout_owner *owner,
				  const char *tag, bool write)
{
	struct carveout_buf *buf = find(heap, tag);

	if (heap->dead)
		return ERR_PTR(-ENODEV);
	if (!buf)
		return ERR_PTR(-ENOENT);
	if (owner && !permits(owner, buf, write))
		return ERR_PTR(-EACCES);
	if (buf->resizing)
		return ERR_PTR(-EAGAIN);
	return __carveout_buf_get(buf);
}

static bool fits(const struct carveout *heap, const struct carveout_req *req, unsigned int at,
		 unsigned int pages)
{
	u64 addr = heap->base + at * PAGE, end = addr + pages * PAGE;
	unsigned int i;

	if (req->align && addr & (req->align - 1))
		return false;
	if (req->max_addr && end > req->max_addr)
		return false;
	for (i = 0; i < pages; i++)
		if (heap->page[at + i])
			return false;
	return true;
}

static struct carveout_buf *create(struct carveout *heap, const struct carveout_req *req)
{
	u64 pages = req->size / PAGE + !!(req->size % PAGE);
	struct carveout_owner *owner = req->owner;
	struct carveout_buf *buf;
	unsigned int at, i;

	if (owner && owner->quota &&
	    (pages > owner->quota / PAGE || owner->account->used + pages * PAGE > owner->quota))
		return ERR_PTR(-EDQUOT);
	if (pages > HEAP_PAGES || req->require & ~heap->attrs || req->forbid & heap->attrs)
		return ERR_PTR(-ENOSPC);
	for (at = 0; at + pages <= HEAP_PAGES; at++)
		if (fits(heap, req, at, pages))
			break;
	if (at + pages > HEAP_PAGES)
		return ERR_PTR(-ENOSPC);
	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->heap = get(heap);
	buf->first = at;
	buf->pages = pages;
	buf->zero = req->flags & CARVEOUT_REQ_ZERO;
	buf->refs = 1;
	buf->generation = heap_next_number();
	if (owner) {
		buf->account = owner->account;
		buf->account->used += pages * PAGE;
		buf->uid = owner->uid;
		buf->gid = owner->gid;
	}
	for (i = 0; i < pages; i++)
		heap->page[at + i] = true;
	list_add_tail(&buf->node, &heap->bufs);
	history[buf->generation % HISTORY] = (struct past){
		.generation = buf->generation,
		.phys = carveout_buf_phys(buf),
		.size = carveout_buf_size(buf),
		.attrs = heap->attrs,
	};
	return buf;
}

static int check_req(const struct carveout_req *req, const char *tag, umode_t mode)
{
	const u32 flags = CARVEOUT_REQ_OPEN | CARVEOUT_REQ_PERSIST | CARVEOUT_REQ_TOP_DOWN |
			  CARVEOUT_REQ_ZERO | CARVEOUT_REQ_NO_CREATE;

	if (!req->size || req->flags & ~flags || req->require & req->forbid ||
	    (req->require | req->forbid) & ~CARVEOUT_ATTR_MASK || mode & ~0777 ||
	    (!tag && (mode || req->flags & (CARVEOUT_REQ_OPEN | CARVEOUT_REQ_PERSIST))) ||
	    (req->flags & CARVEOUT_REQ_NO_CREATE && !(req->flags & CARVEOUT_REQ_OPEN)) ||
	    (tag && heap_check_tag(tag)))
		return -EINVAL;
	return 0;
}

/* The error that an allocation has on demand, or 0. */
static int failure(const struct carveout_req *req, const char *tag)
{
	/* A tag that is absent may be there a moment later. */
	if (req->flags & CARVEOUT_REQ_NO_CREATE)
		return fails(-ENOENT, -EAGAIN, -ENODEV, -EACCES, -EEXIST);
	if (tag)
		return fails(-ENOMEM, -EAGAIN, -EUCLEAN, -ENODEV, -EACCES, -EEXIST);
	return fails(-ENOMEM, -EAGAIN, -EUCLEAN, -ENODEV);
}

/* A buffer that exists: opened if the request says so. */
static struct carveout_buf *existing(struct carveout *heap, const struct carveout_req *req,
				     const char *tag)
{
	struct carveout_buf *buf;

	if (!(req->flags & CARVEOUT_REQ_OPEN))
		return ERR_PTR(-EEXIST);
	buf = heap_look_up(heap, req->owner, tag, true);
	if (!IS_ERR(buf) && buf->pages * PAGE < req->size) {
		carveout_buf_put(buf);
		return ERR_PTR(-EEXIST);
	}
	return buf;
}

struct carveout_buf *carveout_buf_alloc(struct carveout *heap, const struct carveout_req *req,
					const char *tag, umode_t mode)
{
	struct carveout_buf *buf;
	int err = check_req(req, tag, mode) ?: failure(req, tag);

	might_sleep();
	if (err)
		return ERR_PTR(err);
	if (heap->dead)
		return ERR_PTR(-ENODEV);
	if (req->owner && req->owner->heap != heap)
		bug("an owner of another heap");
	if (tag && find(heap, tag))
		return existing(heap, req, tag);
	if (req->flags & CARVEOUT_REQ_NO_CREATE)
		return ERR_PTR(-ENOENT);
	buf = create(heap, req);
	if (IS_ERR(buf))
		return buf;
	buf->mode = mode;
	buf->persist = req->flags & CARVEOUT_REQ_PERSIST;
	buf->refs += buf->persist;
	if (tag) {
		strscpy(buf->tag, tag, sizeof(buf->tag));
		heap_changed(heap, tag);
	}
	return buf;
}

static void unlink_buf(struct carveout_buf *buf)
{
	char tag[NAME_LEN];

	memcpy(tag, buf->tag, sizeof(tag));
	buf->tag[0] = 0;
	heap_changed(buf->heap, tag);
	if (buf->persist) {
		buf->persist = false;
		carveout_buf_put(buf);
	}
}

int carveout_buf_unlink(struct carveout_buf *buf)
{
	might_sleep();
	if (!buf->tag[0])
		return -ENOENT;
	unlink_buf(buf);
	return 0;
}

struct carveout_pool *carveout_buf_pool(const struct carveout_buf *buf)
{
	return buf->pool;
}

phys_addr_t carveout_buf_phys(const struct carveout_buf *buf)
{
	return buf->heap->base + buf->first * PAGE;
}

u64 carveout_buf_size(const struct carveout_buf *buf)
{
	return buf->pages * PAGE;
}

u32 carveout_buf_attrs(const struct carveout_buf *buf)
{
	return buf->heap->attrs;
}

u64 carveout_buf_generation(const struct carveout_buf *buf)
{
	return buf->generation;
}

/* Memory that is not zeroed has the content of its former owner. */
void *carveout_buf_va(const struct carveout_buf *buf)
{
	if (!buf->memory) {
		((struct carveout_buf *)buf)->memory = malloc(buf->pages * PAGE);
		if (!buf->memory)
			abort();
		memset(buf->memory, buf->zero ? 0 : 0xa5, buf->pages * PAGE);
	}
	return buf->memory;
}

int carveout_buf_sync(struct carveout_buf *buf, u64 offset, u64 size, u32 flags)
{
	if (flags != CARVEOUT_SYNC_FOR_DEVICE || !size || offset > buf->pages * PAGE ||
	    size > buf->pages * PAGE - offset)
		bug("a wrong range is synchronised");
	heap_synced(buf, offset, size);
	return 0;
}

/* === Owners =============================================================== */

static struct account *account_of(struct carveout *heap, const char *name)
{
	unsigned int i;

	for (i = 0; i < ACCOUNTS; i++) {
		struct account *account = &heap->account[i];

		if (!account->name[0])
			strscpy(account->name, name, sizeof(account->name));
		if (!strcmp(account->name, name))
			return account;
	}
	bug("too many accounts");
}

struct carveout_owner *carveout_owner_create(struct carveout *heap,
					     const struct carveout_owner_attrs *attrs)
{
	struct carveout_owner *owner;

	might_sleep();
	owner = kzalloc(sizeof(*owner), GFP_KERNEL);
	if (!owner)
		return ERR_PTR(-ENOMEM);
	owner->heap = get(heap);
	owner->refs = 1;
	owner->uid = attrs->uid.val;
	owner->gid = attrs->gid.val;
	owner->quota = attrs->quota;
	owner->account = account_of(heap, attrs->name);
	heap_state.owners++;
	return owner;
}

void carveout_owner_put(struct carveout_owner *owner)
{
	might_sleep();
	if (--owner->refs)
		return;
	put(owner->heap);
	kfree(owner);
	heap_state.owners--;
}

struct carveout_buf *carveout_owner_find(struct carveout_owner *owner, const char *tag,
					 bool write)
{
	int err = heap_check_tag(tag);

	might_sleep();
	if (err)
		return ERR_PTR(err);
	err = fails(-ENODEV, -EAGAIN, -EACCES);
	/* As at the end of a resize. */
	if (err)
		heap_changed(owner->heap, tag);
	return err ? ERR_PTR(err) : heap_look_up(owner->heap, owner, tag, write);
}

/* Buffers are in the order of their generations. */
bool carveout_owner_next(struct carveout_owner *owner, u64 *cursor, char tag[CARVEOUT_NAME_LEN])
{
	struct carveout_buf *buf;

	might_sleep();
	while ((buf = heap_next(owner->heap, *cursor))) {
		*cursor = buf->generation;
		if (!buf->tag[0] || !permits(owner, buf, false))
			continue;
		memcpy(tag, buf->tag, CARVEOUT_NAME_LEN);
		return true;
	}
	return false;
}

int carveout_owner_check(struct carveout_owner *owner, const struct carveout_buf *buf, bool write)
{
	might_sleep();
	if (owner->heap != buf->heap)
		bug("an owner of another heap");
	if (!buf->tag[0])
		return -ENOENT;
	return permits(owner, buf, write) ? 0 : -EACCES;
}

int carveout_owner_unlink(struct carveout_owner *owner, const char *tag,
			  const struct carveout_buf *only)
{
	struct carveout_buf *buf;
	int err = heap_check_tag(tag) ?: fails(-ENODEV, -EACCES);

	might_sleep();
	if (err)
		return err;
	buf = find(owner->heap, tag);
	if (owner->heap->dead)
		return -ENODEV;
	if (!buf || (only && only != buf))
		return -ENOENT;
	if (buf->uid != owner->uid)
		return -EACCES;
	unlink_buf(buf);
	return 0;
}

/* === For the program ====================================================== */

void heap_shut_down(struct carveout *heap)
{
	if (heap->dead)
		return;
	heap->dead = true;
	heap_changed(heap, NULL);
}

/* The first buffer behind that with a generation. */
struct carveout_buf *heap_next(const struct carveout *heap, u64 generation)
{
	struct carveout_buf *buf;

	list_for_each_entry(buf, &heap->bufs, node)
		if (buf->generation > generation)
			return buf;
	return NULL;
}

const char *heap_tag(const struct carveout_buf *buf)
{
	return buf->tag;
}

bool heap_is_resizing(const struct carveout_buf *buf)
{
	return buf->resizing;
}

/* The latest generation of a buffer, or serial of a block. */
u64 heap_latest(void)
{
	return last_number;
}

/* Whether a buffer behind that with a generation has no reference but that of its tag. */
bool heap_has_orphan(u64 generation)
{
	struct carveout_buf *buf;
	unsigned int i;

	for (i = 0; i < HEAPS; i++)
		list_for_each_entry(buf, &heaps[i].bufs, node)
			if (buf->generation > generation && buf->persist && buf->refs == 1)
				return true;
	return false;
}

/* Whether the memory of a buffer is not free. */
bool heap_has(u64 generation)
{
	struct carveout_buf *buf;
	unsigned int i;

	for (i = 0; i < HEAPS; i++) {
		buf = heap_next(&heaps[i], generation - 1);
		if (buf && buf->generation == generation)
			return true;
	}
	return false;
}

/* Whether there is or was such a buffer: an answer may be sent after its end. */
bool heap_had(u64 generation, u64 phys, u64 size, u32 attrs)
{
	const struct past *past = &history[generation % HISTORY];

	return past->generation == generation && past->phys == phys && past->size == size &&
	       past->attrs == attrs;
}

void heap_set_mode(struct carveout *heap, const char *tag, umode_t mode)
{
	struct carveout_buf *buf = find(heap, tag);

	if (!buf)
		return;
	buf->mode = mode;
	heap_changed(heap, tag);
}

void heap_resizes(struct carveout *heap, const char *tag, bool resizing)
{
	struct carveout_buf *buf = find(heap, tag);

	if (!buf)
		return;
	buf->resizing = resizing;
	heap_changed(heap, tag);
}

void heap_unlink_all(void)
{
	struct carveout_buf *buf, *next;
	unsigned int i;

	for (i = 0; i < HEAPS; i++)
		list_for_each_entry_safe(buf, next, &heaps[i].bufs, node)
			if (buf->tag[0])
				unlink_buf(buf);
}
