// SPDX-License-Identifier: GPL-2.0
/*
 * Purposes of memory: texts of drivers, kept by the heap.
 *
 * Memory may outlive the driver that allocated it, and is freed in contexts that cannot
 * free a text. So a heap keeps one copy of each different text until it is freed itself.
 * The copies are in a hash table that only grows: an entry is set once, and read without
 * a lock.
 */

#include <linux/atomic.h>
#include <linux/slab.h>
#include <linux/stringhash.h>
#include <linux/string.h>

#include "../carveout_internal.h"
#include "purpose.h"

/* Set an empty entry. Returns the text that the entry has then; NULL without memory. */
static const char *set_entry(const char **entry, const char *purpose, size_t len)
{
	const char *copy = kmemdup_nul(purpose, len, GFP_KERNEL | __GFP_NOWARN);
	const char *other;

	if (!copy)
		return NULL;
	/* A full barrier: the text is complete before a reader finds it. */
	other = cmpxchg(entry, NULL, copy);
	if (!other)
		return copy;
	kfree(copy);
	return other;
}

/**
 * carveout_purpose_keep() - Copy the purpose of memory into its heap
 * @carveout: the heap
 * @purpose: the text, which is cut to %CARVEOUT_PURPOSE_LEN - 1 bytes; may be NULL
 *
 * A text that the heap has already is not copied again.
 *
 * Context: Process context. May sleep.
 * Return: number of the copy, for carveout_purpose_text(); 0 without a text, without
 * memory, or if the heap has the maximum number of texts.
 */
u32 carveout_purpose_keep(struct carveout *carveout, const char *purpose)
{
	u32 i, at;
	size_t len;

	if (!purpose || !*purpose)
		return 0;
	len = strnlen(purpose, CARVEOUT_PURPOSE_LEN - 1);
	at = full_name_hash(NULL, purpose, len);
	for (i = 0; i < CARVEOUT_PURPOSES; i++, at++) {
		const char **entry = &carveout->purpose[at % CARVEOUT_PURPOSES];
		const char *text = READ_ONCE(*entry) ?: set_entry(entry, purpose, len);

		if (!text)
			return 0;
		if (!strncmp(text, purpose, len) && !text[len])
			return at % CARVEOUT_PURPOSES + 1;
	}
	return 0;
}

/**
 * carveout_purpose_text() - Find the copy of a purpose
 * @carveout: the heap
 * @number: from carveout_purpose_keep()
 *
 * Context: Any context.
 * Return: the text, which lives as long as the heap; NULL for none.
 */
const char *carveout_purpose_text(const struct carveout *carveout, u32 number)
{
	if (!number || number > CARVEOUT_PURPOSES)
		return NULL;
	return READ_ONCE(carveout->purpose[number - 1]);
}

/**
 * carveout_purpose_fini() - Free the copies
 * @carveout: a heap without memory in use
 *
 * Context: Process context.
 */
void carveout_purpose_fini(struct carveout *carveout)
{
	unsigned int i;

	for (i = 0; i < CARVEOUT_PURPOSES; i++)
		kfree(carveout->purpose[i]);
}
