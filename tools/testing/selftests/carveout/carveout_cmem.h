/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the tests of libticmem: the heap under test is block 0. Messages on stderr are
 * a part of the interface.
 */
#ifndef CARVEOUT_CMEM_H
#define CARVEOUT_CMEM_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ti/cmem.h>

#include "carveout_fixture.h"

#define SIZE		(4 * PAGE)

/* Cached memory serves all requests, unless a test has it otherwise. */
FIXTURE(cmem) {
	struct heap heap;
};

FIXTURE_SETUP(cmem)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	setenv("TICMEM_BLOCKS", heap_name(), 1);
	setenv("TICMEM_COHERENT", "1", 1);
	unsetenv("TICMEM_POOLS");
	unsetenv("TICMEM_USE_HEAP");
}

FIXTURE_TEARDOWN_PARENT(cmem)
{
	HEAP_TEARDOWN(&self->heap);
}

/* CMEM_init(), after which the heap is ready. */
#define BEGIN() do {								\
	ASSERT_EQ(0, CMEM_init());						\
	ASSERT_EQ(0, take_snapshot(&self->heap.ready));				\
} while (0)

/* Nothing is in use, and nothing remains of CMEM_init(). */
#define END() do {								\
	EXPECT_UNCHANGED(&self->heap);						\
	EXPECT_EQ(0, CMEM_exit());						\
} while (0)

/* Where stderr is while its messages are kept, and where they are. */
static int kept = -1, kept_in = -1;

static inline void keep_messages(void)
{
	kept = dup(STDERR_FILENO);
	kept_in = memfd_create("messages", MFD_CLOEXEC);
	dup2(kept_in, STDERR_FILENO);
}

/* The messages since then. */
static inline const char *messages(void)
{
	static char text[4096];
	ssize_t length;

	dup2(kept, STDERR_FILENO);
	close(kept);
	length = pread(kept_in, text, sizeof(text) - 1, 0);
	close(kept_in);
	text[length < 0 ? 0 : length] = '\0';
	return text;
}

/* A call fails with this result, and a message that contains the text. */
#define EXPECT_REFUSED(result, call, text) do {					\
	const char *__said, *__text = (text);					\
										\
	keep_messages();							\
	{									\
		__auto_type __got = (call);					\
										\
		__said = messages();						\
		EXPECT_EQ((__typeof__(__got))(result), __got);			\
	}									\
	EXPECT_NE(NULL, strstr(__said, __text))					\
		TH_LOG("%s: '%s', not '%s'", #call, __said, __text);		\
} while (0)

static inline CMEM_AllocParams params(int type, int flags, size_t alignment)
{
	CMEM_AllocParams made = { type, flags, alignment };

	return made;
}

/* A buffer of the heap of block 0. */
static inline char *heap_buffer(size_t size)
{
	CMEM_AllocParams heap = params(CMEM_HEAP, CMEM_CACHED, 0);

	return CMEM_alloc(size, &heap);
}

/* Describe the buffer that is mapped at an address. */
static inline int describe(int node, void *memory, struct carveout_buffer_info *info)
{
	int fd = CMEM_export_dmabuf(memory);
	int err;

	if (fd < 0)
		return -EINVAL;
	err = query_buffer(node, fd, info);
	close(fd);
	return err;
}

#endif /* CARVEOUT_CMEM_H */
