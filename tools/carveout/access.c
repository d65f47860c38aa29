// SPDX-License-Identifier: GPL-2.0
/*
 * Access to the content of a buffer, and copying a file into it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "report.h"
#include "view.h"

int access_open(struct access *access, bool writing)
{
	int flags = writing ? O_RDWR : O_RDONLY;
	struct carveout_opened opened = CARVEOUT_OPENED_INIT;
	struct carveout_heap *heap;
	int err;

	err = view_open(&heap, access->heap, flags);
	if (err)
		return err;
	access->fd = carveout_open_tag(heap, access->tag, flags | O_CLOEXEC,
				       &opened);
	carveout_close(heap);
	if (access->fd < 0) {
		view_explain_tag(access->heap, access->tag, access->fd);
		return access->fd;
	}
	access->total = opened.size;
	return 0;
}

int access_check_offset(const struct access *access)
{
	if (access->offset <= access->total)
		return 0;
	complain(access->heap, 0, "offset %llu is beyond '%s', which has %llu bytes",
		 (unsigned long long)access->offset, access->tag,
		 (unsigned long long)access->total);
	return -EINVAL;
}

int access_begin(struct access *access, bool writing)
{
	int prot = writing ? PROT_READ | PROT_WRITE : PROT_READ;
	void *memory;
	int err;

	access->kind = CARVEOUT_ACCESS_READ;
	if (writing)
		access->kind |= CARVEOUT_ACCESS_WRITE;
	err = carveout_map(access->fd, 0, access->total, prot, &memory);
	if (err) {
		complain(access->heap, err, "map '%s'", access->tag);
		return err;
	}
	access->memory = memory;
	err = carveout_begin_access(access->fd, access->kind);
	if (err)
		complain(access->heap, err, "begin access to '%s'",
			 access->tag);
	return err;
}

int access_end(const struct access *access)
{
	int err = carveout_end_access(access->fd, access->kind);

	if (err)
		complain(access->heap, err, "end access to '%s'", access->tag);
	return err;
}

void access_close(const struct access *access)
{
	if (access->memory)
		carveout_unmap(access->memory, access->total);
	close(access->fd);
}

/* The remaining size of a regular file is known; that of a pipe is not. */
bool access_input_size(int input, uint64_t *size)
{
	struct stat status;
	off_t position;

	if (fstat(input, &status) || !S_ISREG(status.st_mode) ||
	    !status.st_size)
		return false;
	position = lseek(input, 0, SEEK_CUR);
	if (position < 0)
		return false;
	*size = position < status.st_size ? status.st_size - position : 0;
	return true;
}

static int refuse_long(const struct access *access, uint64_t room,
		       uint64_t written)
{
	complain(access->heap, 0,
		 "the input does not fit: '%s' has room for %llu bytes at offset %llu",
		 access->tag, (unsigned long long)room,
		 (unsigned long long)access->offset);
	if (written)
		tell("the first %llu bytes were written", (unsigned long long)written);
	else
		tell("nothing was written");
	return -EFBIG;
}

static int copy_in(struct access *access, int input, uint64_t room)
{
	char *to = access->memory + access->offset;
	uint64_t done = 0;
	ssize_t got;
	char excess;

	for (;;) {
		if (done < room)
			got = read(input, to + done, room - done);
		else
			got = read(input, &excess, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (done == room)
			return refuse_long(access, room, done);
		done += got;
	}
	access->size = done;
	if (!got)
		return 0;
	complain(access->file, -errno, "read");
	tell("the first %llu bytes were written", (unsigned long long)done);
	return -EIO;
}

int access_fill(struct access *access, int input)
{
	uint64_t room, known;
	int err, end_err;

	err = access_check_offset(access);
	if (err)
		return err;
	room = access->total - access->offset;
	if (access_input_size(input, &known) && known > room)
		return refuse_long(access, room, 0);
	err = access_begin(access, true);
	if (err)
		return err;
	err = copy_in(access, input, room);
	end_err = access_end(access);
	return err ? err : end_err;
}

int access_input(struct access *access)
{
	int input;

	if (!access->file || !strcmp(access->file, "-")) {
		access->file = "standard input";
		return STDIN_FILENO;
	}
	input = open(access->file, O_RDONLY | O_CLOEXEC);
	if (input < 0)
		complain(access->file, -errno, "open");
	return input;
}
