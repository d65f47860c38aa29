// SPDX-License-Identifier: GPL-2.0
/*
 * Look-ups in a directory. The test writes it, by offsets of its own.
 */

#include <pthread.h>
#include <sched.h>

#include "fixture.h"

#define DIRECTORY_SLOTS	32

/* A word of the directory, little-endian. */
static uint32_t directory_words[DIRECTORY_SLOTS][32];

static void put(unsigned int slot, unsigned int word, uint32_t value)
{
	uint8_t bytes[4];

	store32(bytes, value);
	memcpy(&value, bytes, sizeof(value));
	__atomic_store_n(&directory_words[slot][word], value, __ATOMIC_RELAXED);
}

static void put_header(uint32_t session)
{
	memset(directory_words, 0, sizeof(directory_words));
	put(0, 0, 0x79447643);
	put(0, 1, 1);
	put(0, 2, session);
	put(0, 3, DIRECTORY_SLOTS);
}

/* FNV-1a, as a table of reference values has it. */
static uint32_t hash_of(uint32_t heap, const char *tag)
{
	uint64_t hash = (2166136261U ^ heap) * 16777619ULL % 0x100000000ULL;

	for (; *tag; tag++)
		hash = (hash ^ (unsigned char)*tag) * 16777619ULL % 0x100000000ULL;
	return (uint32_t)hash;
}

/* Slots from @from on, as far as they are free, like Linux; the slot, or 0 without room. */
static unsigned int put_entry(uint32_t heap, const char *tag, uint32_t seed)
{
	char field[64] = "";
	unsigned int i, slot, word;

	for (i = 0; i < 8; i++) {
		slot = (hash_of(heap, tag) + i) % DIRECTORY_SLOTS;
		if (slot && !directory_words[slot][1])
			break;
	}
	if (i == 8)
		return 0;
	strcpy(field, tag);
	put(slot, 0, 2);
	put(slot, 1, hash_of(heap, tag));
	put(slot, 2, seed & 1);
	put(slot, 3, heap);
	for (word = 4; word < 12; word++)
		put(slot, word, seed + word);
	for (word = 0; word < 16; word++)
		put(slot, 16 + word, load32((uint8_t *)&field[4 * word]));
	return slot;
}

FIXTURE(directory)
{
	struct server server;
	struct carveout_remote_directory directory;
};

FIXTURE_SETUP(directory)
{
	struct carveout_remote *remote = &self->server.remote;
	uint64_t addr, size;

	server_init(&self->server);
	server_up(&self->server, SERVER_SESSION, 64, 4, 3);
	put_header(SERVER_SESSION);
	ASSERT_EQ(0, carveout_remote_directory_open(remote, &addr, &size));
	ASSERT_EQ(0x30000000, addr);
	ASSERT_EQ(sizeof(directory_words), size);
	ASSERT_EQ(0, carveout_remote_directory_attach(&self->directory, remote, directory_words,
						      size));
}

FIXTURE_TEARDOWN(directory)
{
	ASSERT_EQ(0, self->server.errors);
}

TEST_F(directory, entry_is_found)
{
	struct carveout_remote_found found;
	unsigned int slot = put_entry(1, "linux.table", 0x1000);

	ASSERT_NE(0, slot);
	ASSERT_EQ(0, carveout_remote_directory_find(&self->directory, 1, "linux.table", &found));
	EXPECT_EQ(0x0000100500001004ULL, found.addr);
	EXPECT_EQ(0x0000100700001006ULL, found.size);
	EXPECT_EQ(0x0000100900001008ULL, found.serial);
	EXPECT_EQ(0x100a, found.attrs);
	EXPECT_EQ(0x100b, found.index);
	EXPECT_EQ(0, found.flags);
	EXPECT_TRUE(carveout_remote_directory_is_current(&self->directory, &found));
	put(slot, 0, 4);
	EXPECT_FALSE(carveout_remote_directory_is_current(&self->directory, &found));
	put(slot, 0, 2);
	EXPECT_TRUE(carveout_remote_directory_is_current(&self->directory, &found));
	self->directory.session++;
	EXPECT_FALSE(carveout_remote_directory_is_current(&self->directory, &found));
	/* The number of the heap belongs to the name. */
	EXPECT_EQ(CARVEOUT_RPMSG_NO_TAG,
		  carveout_remote_directory_find(&self->directory, 0, "linux.table", &found));
	EXPECT_EQ(CARVEOUT_RPMSG_NO_TAG,
		  carveout_remote_directory_find(&self->directory, 1, "linux.tables", &found));
}

TEST_F(directory, longest_tag)
{
	static const char longest[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
	struct carveout_remote_found found;

	ASSERT_EQ(64, sizeof(longest));
	ASSERT_NE(0, put_entry(0, longest, 1));
	ASSERT_EQ(0, carveout_remote_directory_find(&self->directory, 0, longest, &found));
	EXPECT_EQ(CARVEOUT_RPMSG_D_READ, found.flags);
	EXPECT_EQ(CARVEOUT_RPMSG_NO_TAG,
		  carveout_remote_directory_find(&self->directory, 0, longest + 1, &found));
}

/* An entry with the same hash and another tag, or another heap, is another one. */
TEST_F(directory, hash_is_not_the_tag)
{
	struct carveout_remote_found found;
	unsigned int slot = put_entry(0, "tag", 0);

	put(slot, 16, 0x00676175);
	EXPECT_EQ(CARVEOUT_RPMSG_NO_TAG,
		  carveout_remote_directory_find(&self->directory, 0, "tag", &found));
	put(slot, 16, 0x00676174);
	EXPECT_EQ(0, carveout_remote_directory_find(&self->directory, 0, "tag", &found));
	put(slot, 3, 1);
	EXPECT_EQ(CARVEOUT_RPMSG_NO_TAG,
		  carveout_remote_directory_find(&self->directory, 0, "tag", &found));
}

TEST_F(directory, entry_being_written_is_busy)
{
	struct carveout_remote_found found;
	unsigned int slot = put_entry(0, "tag", 0);

	put(slot, 0, 3);
	EXPECT_EQ(CARVEOUT_RPMSG_BUSY,
		  carveout_remote_directory_find(&self->directory, 0, "tag", &found));
	/* While it is cleared, or before it is there, it is not found. */
	put(slot, 1, 0);
	EXPECT_EQ(CARVEOUT_RPMSG_NO_TAG,
		  carveout_remote_directory_find(&self->directory, 0, "tag", &found));
}

/* All slots that a tag may be in, across the end of the array and past the header. */
TEST_F(directory, probes)
{
	struct carveout_remote_found found;
	unsigned int i, entered = 0, present = 0;
	char tag[16];

	for (i = 0; i < 100; i++) {
		snprintf(tag, sizeof(tag), "tag%u", i);
		entered += !!put_entry(0, tag, i);
	}
	ASSERT_EQ(DIRECTORY_SLOTS - 1, entered);
	for (i = 0; i < 100; i++) {
		snprintf(tag, sizeof(tag), "tag%u", i);
		present += !carveout_remote_directory_find(&self->directory, 0, tag, &found);
	}
	EXPECT_EQ(entered, present);
	/* Not all are there: an absent one is no proof. */
	put(0, 5, 100 - entered);
	EXPECT_EQ(CARVEOUT_RPMSG_LIMIT,
		  carveout_remote_directory_find(&self->directory, 0, "other", &found));
}

TEST_F(directory, release_takes_a_message_only_after_a_removal)
{
	struct carveout_remote *remote = &self->server.remote;
	unsigned int sent = self->server.nr_sent;
	uint32_t removed = carveout_remote_directory_removed(&self->directory);

	EXPECT_EQ(0, removed);
	EXPECT_EQ(0, carveout_remote_directory_release(remote, &self->directory, removed));
	EXPECT_EQ(sent, self->server.nr_sent);
	put(0, 4, 7);
	removed = carveout_remote_directory_removed(&self->directory);
	EXPECT_EQ(7, removed);
	EXPECT_EQ(0, carveout_remote_directory_release(remote, &self->directory, removed));
	EXPECT_EQ(sent + 1, self->server.nr_sent);
	EXPECT_EQ(7, self->server.released);
	EXPECT_EQ(0, carveout_remote_directory_release(remote, &self->directory, removed));
	EXPECT_EQ(sent + 1, self->server.nr_sent);
}

TEST_F(directory, memory_that_is_no_directory)
{
	struct carveout_remote *remote = &self->server.remote;
	struct carveout_remote_directory other = {};
	unsigned int i;

	EXPECT_EQ(CARVEOUT_REMOTE_INVALID,
		  carveout_remote_directory_attach(&other, remote, directory_words, 128));
	EXPECT_EQ(CARVEOUT_REMOTE_INVALID,
		  carveout_remote_directory_attach(&other, remote, directory_words,
						   sizeof(directory_words) / 2));
	for (i = 0; i < 4; i++) {
		put_header(SERVER_SESSION);
		put(0, i, 48);
		EXPECT_EQ(CARVEOUT_REMOTE_INVALID,
			  carveout_remote_directory_attach(&other, remote, directory_words,
							   sizeof(directory_words)));
	}
	put_header(SERVER_SESSION);
	put(0, 3, 0);
	EXPECT_EQ(CARVEOUT_REMOTE_INVALID,
		  carveout_remote_directory_attach(&other, remote, directory_words,
						   sizeof(directory_words)));
}

/* The directory of a session that has ended is not released in the next one. */
TEST_F(directory, other_session)
{
	struct carveout_remote *remote = &self->server.remote;

	server_up(&self->server, SERVER_SESSION + 1, 64, 4, 3);
	put(0, 4, 1);
	EXPECT_EQ(CARVEOUT_REMOTE_STALE,
		  carveout_remote_directory_release(remote, &self->directory, 1));
}

/* === Torn reads =========================================================== */

#define TORN_ROUNDS	200000
/* A look-up that gives up takes long, when one processor is free for both threads. */
#define TORN_BUSY	2000
#define TORN_SECONDS	600

static bool torn_stop;

/* Write one entry over and over, all words from one number, in the order of Linux. */
static void *rewrite(void *arg)
{
	unsigned int slot = *(unsigned int *)arg, word;
	uint32_t number = 0;

	while (!__atomic_load_n(&torn_stop, __ATOMIC_RELAXED)) {
		number++;
		put(slot, 0, 2 * number + 1);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		for (word = 4; word < 12; word++)
			put(slot, word, number);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		put(slot, 0, 2 * number + 2);
	}
	return NULL;
}

TEST_F_TIMEOUT(directory, reads_are_not_torn, TORN_SECONDS)
{
	struct carveout_remote_found found;
	unsigned int slot = put_entry(0, "tag", 0), i, torn = 0, met = 0, busy = 0;
	uint32_t last = 0;
	pthread_t writer;
	int ret;

	torn_stop = false;
	for (i = 4; i < 12; i++)
		put(slot, i, 0);
	ASSERT_EQ(0, pthread_create(&writer, NULL, rewrite, &slot));
	for (i = 0; i < TORN_ROUNDS && busy < TORN_BUSY; i++) {
		ret = carveout_remote_directory_find(&self->directory, 0, "tag", &found);
		if (ret == CARVEOUT_RPMSG_BUSY) {
			busy++;
			sched_yield();
			continue;
		}
		ASSERT_EQ(0, ret);
		met += found.attrs != last;
		last = found.attrs;
		torn += found.addr != found.size || found.addr != found.serial ||
			(uint32_t)found.addr != found.attrs || found.attrs != found.index;
	}
	__atomic_store_n(&torn_stop, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	EXPECT_EQ(0, torn);
	/* The writer did write meanwhile. */
	EXPECT_LT(1, met + busy);
}
