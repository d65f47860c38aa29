// SPDX-License-Identifier: GPL-2.0
/*
 * carveout link, carveout setattr, carveout resize: change tags and their buffers
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "exit.h"
#include "process.h"
#include "report.h"
#include "text.h"
#include "tool.h"
#include "view.h"

/* === link === */

/* A buffer to link, and how. */
struct linking {
	struct access access;
	const char *given;
	const char *label;
	uint64_t size;
	uint32_t flags;
	uint32_t mode;
	uint64_t generation;
};

/* "FD" is a descriptor of this process, "PID:FD" one of another process. */
static int given_descriptor(const struct linking *linking)
{
	const char *colon = strchr(linking->given, ':');
	const char *number = colon ? colon + 1 : linking->given;
	unsigned long long fd = number_argument("descriptor", number, 0, INT32_MAX);
	unsigned long long pid;
	char *text;
	int copy;

	if (!colon)
		return fd;
	text = strndup(linking->given, colon - linking->given);
	if (!text)
		die("out of memory");
	pid = number_argument("process", text, 1, INT32_MAX);
	free(text);
	copy = process_descriptor(pid, fd);
	if (copy < 0) {
		complain(linking->access.heap, copy, "get descriptor %llu of process %llu",
			 fd, pid);
		if (copy == -EPERM)
			tell("this needs CAP_SYS_PTRACE, or the rights of a debugger");
	}
	return copy;
}

static int fill_new(struct linking *linking, const struct carveout_heap *heap, int input)
{
	struct carveout_alloc_options alloc = CARVEOUT_ALLOC_OPTIONS_INIT;
	struct access *access = &linking->access;
	int err;

	if (!linking->size && !access_input_size(input, &linking->size))
		misuse("the size of the input is unknown: give --size");
	alloc.size = linking->size ? linking->size : 1;
	alloc.label = linking->label;
	access->fd = carveout_alloc_with(heap, &alloc, NULL);
	if (access->fd < 0) {
		complain(access->heap, access->fd, "allocate a buffer with %s",
			 text_size(alloc.size, false));
		if (access->fd == -ENOSPC)
			tell("see 'carveout map %s'", access->heap);
		return access->fd;
	}
	err = carveout_size(access->fd, &access->total);
	if (err) {
		complain(access->heap, err, "query the size of the buffer");
		return err;
	}
	return access_fill(access, input);
}

/* The new buffer is freed with this process unless it is linked. */
static int make_buffer(struct linking *linking, const struct carveout_heap *heap)
{
	int input, err;

	if (linking->given) {
		linking->access.fd = given_descriptor(linking);
		return linking->access.fd < 0 ? linking->access.fd : 0;
	}
	input = access_input(&linking->access);
	if (input < 0)
		return input;
	err = fill_new(linking, heap, input);
	if (input != STDIN_FILENO)
		close(input);
	return err;
}

static void explain_link(const struct linking *linking, int err)
{
	const struct access *access = &linking->access;

	complain(access->heap, err, "link tag '%s'", access->tag);
	if (err == -EEXIST)
		tell("the tag exists; --replace takes it from its buffer");
	else if (err == -EBUSY)
		tell("a buffer is tagged at most once: this one has a tag, or had one");
	else if (err == -EBADF || err == -EINVAL)
		tell("the descriptor is no buffer of heap '%s'", access->heap);
	else if (err == -EACCES)
		tell("you own neither the buffer nor the tag, or the descriptor is read-only");
	else if (err == -EDQUOT)
		tell("a quota of tags is exceeded; 'carveout rm' removes tags");
}

static void print_link(const struct linking *linking, const struct carveout_heap *heap)
{
	const struct access *access = &linking->access;

	printf("%s: linked '%s', generation %llu\n", text_safe(access->heap, SIZE_MAX),
	       access->tag, (unsigned long long)linking->generation);
	/* The new buffer of a command that fails must not stay; see order_end(). */
	if (!flush_output() || linking->given || linking->flags & CARVEOUT_LINK_REPLACE)
		return;
	if (!carveout_unlink(heap, access->tag))
		tell("the tag '%s' is removed again", access->tag);
}

static int link_buffer(struct linking *linking)
{
	struct access *access = &linking->access;
	struct carveout_heap *heap;
	int err;

	if (view_open(&heap, access->heap, O_RDWR))
		return FAILED;
	err = make_buffer(linking, heap);
	if (!err) {
		err = carveout_link(heap, access->fd, access->tag,
				    linking->flags | CARVEOUT_LINK_PERSIST, linking->mode,
				    &linking->generation);
		if (err)
			explain_link(linking, err);
		else
			print_link(linking, heap);
	}
	carveout_close(heap);
	return err ? FAILED : DONE;
}

static void parse_link_option(struct linking *linking, int option)
{
	switch (option) {
	case 'f':
		linking->access.file = optarg;
		break;
	case 's':
		linking->size = size_argument("size", optarg);
		break;
	case 'd':
		linking->given = optarg;
		break;
	case 'R':
		linking->flags |= CARVEOUT_LINK_REPLACE;
		break;
	case 'm':
		linking->mode = mode_argument(optarg);
		/* An explicit mode is not masked. */
		umask(0);
		break;
	case 'l':
		linking->label = label_argument(optarg);
		break;
	}
}

static int run_link(int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "size", required_argument, NULL, 's' },
		{ "fd", required_argument, NULL, 'd' },
		{ "replace", no_argument, NULL, 'R' },
		{ "mode", required_argument, NULL, 'm' },
		{ "label", required_argument, NULL, 'l' },
		OPTION_HELP,
		{ 0 }
	};
	struct linking linking = { .access.fd = -1, .mode = 0600 };
	int option;

	while ((option = next_option(argc, argv, "f:s:h", options)) >= 0)
		parse_link_option(&linking, option);
	check_operands(argc, 2, 2);
	if (linking.given && (linking.access.file || linking.size || linking.label))
		misuse("--fd excludes --file, --size and --label");
	linking.access.heap = argv[optind];
	linking.access.tag = tag_argument(argv[optind + 1]);
	return link_buffer(&linking);
}

const struct command command_link = {
	.name = "link",
	.arguments = "HEAP TAG [-f FILE] [-s SIZE] [--fd [PID:]FD] [OPTIONS]",
	.summary = "tag a new buffer with the content of a file, or an untagged one",
	.help =
	"Fill a new buffer with standard input, then give it the tag: other processes see\n"
	"the complete content or nothing. The tag holds the buffer until 'carveout rm'.\n"
	"\n"
	"  -f, --file FILE       read FILE instead of standard input\n"
	"  -s, --size SIZE       size of the buffer (default: that of the file)\n"
	"      --fd [PID:]FD     do not fill a buffer: tag that of this descriptor, which\n"
	"                        the command inherited, or of process PID\n"
	"      --replace         if the tag exists, take it from its buffer\n"
	"      --mode MODE       permissions of the tag, octal, not masked (default: 0600\n"
	"                        masked by the umask)\n"
	"      --label TEXT      purpose of the buffer, up to 63 ASCII characters\n"
	"  -h, --help            this text\n",
	.run = run_link,
};

/* === setattr === */

/* Properties of a tag to change. */
struct change {
	uint32_t flags;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
};

static uint32_t id_argument(const char *kind, const char *text,
			    int (*find)(const char *name, uint32_t *id))
{
	uint32_t id;

	if (!find(text, &id))
		return id;
	if (*text < '0' || *text > '9')
		misuse("no %s '%s'", kind, text);
	return number_argument(kind, text, 0, UINT32_MAX - 1);
}

static int change_tag(const struct carveout_heap *heap, const char *name,
		      const char *tag, const struct change *change)
{
	int err = carveout_setattr(heap, tag, change->flags, change->mode, change->uid,
				   change->gid);

	if (!err)
		return DONE;
	complain(name, err, "change tag '%s'", tag);
	if (err == -ENOENT)
		tell("'carveout ls %s' lists the tags", name);
	else if (err == -EACCES || err == -EPERM)
		tell("the owner changes mode and group only; the rest needs CAP_FOWNER, CAP_CHOWN");
	else if (err == -EINVAL)
		tell("the user or group does not exist in this user namespace");
	return FAILED;
}

static void parse_change(struct change *change, int option)
{
	switch (option) {
	case 'm':
		change->mode = mode_argument(optarg);
		change->flags |= CARVEOUT_SETATTR_MODE;
		break;
	case 'o':
		change->uid = id_argument("user", optarg, text_find_user);
		change->flags |= CARVEOUT_SETATTR_UID;
		break;
	case 'g':
		change->gid = id_argument("group", optarg, text_find_group);
		change->flags |= CARVEOUT_SETATTR_GID;
		break;
	}
}

static int run_setattr(int argc, char **argv)
{
	static const struct option options[] = {
		{ "owner", required_argument, NULL, 'o' },
		{ "group", required_argument, NULL, 'g' },
		{ "mode", required_argument, NULL, 'm' },
		OPTION_HELP,
		{ 0 }
	};
	struct change change = { 0 };
	struct carveout_heap *heap;
	int result = DONE, option, i;

	while ((option = next_option(argc, argv, "o:g:m:h", options)) >= 0)
		parse_change(&change, option);
	check_operands(argc, 2, argc);
	if (!change.flags)
		misuse("nothing to change: give --owner, --group or --mode");
	for (i = optind + 1; i < argc; i++)
		tag_argument(argv[i]);
	if (view_open(&heap, argv[optind], O_RDWR))
		return FAILED;
	for (i = optind + 1; i < argc; i++)
		if (change_tag(heap, argv[optind], argv[i], &change))
			result = FAILED;
	carveout_close(heap);
	return result;
}

const struct command command_setattr = {
	.name = "setattr",
	.arguments = "HEAP TAG... [-o USER] [-g GROUP] [-m MODE]",
	.summary = "change owner, group or mode of tags",
	.help =
	"Change owner, group or mode of tags, as of files. Open descriptors stay open.\n"
	"Continues after a tag that cannot be changed, and then exits with 1.\n"
	"\n"
	"  -o, --owner USER   name or number\n"
	"  -g, --group GROUP  name or number\n"
	"  -m, --mode MODE    permissions, octal\n"
	"  -h, --help         this text\n"
	"\n"
	"The owner may change the mode, and the group to one of its own groups. The\n"
	"memory stays charged to the user that allocated it.\n",
	.run = run_setattr,
};

/* === resize === */

static void explain_resize(const char *heap, const char *tag, uint64_t size, int err)
{
	complain(heap, err, "resize '%s' to %s", tag, text_size(size, false));
	if (err == -EBUSY)
		tell("it is in use, or a pool; 'carveout top %s' shows its holders", heap);
	else if (err == -EACCES || err == -EPERM)
		tell("only the owner of the buffer or a process with CAP_FOWNER may resize it");
	else if (err == -ENOSPC)
		tell("it neither grows in place nor fits elsewhere; see 'carveout map %s'", heap);
	else if (err == -EDQUOT)
		tell("a quota is exceeded; a buffer that moves counts twice for a moment");
	else if (err == -EOPNOTSUPP)
		tell("it does not grow in place, and the CPU must not copy it");
	else if (err == -EHWPOISON)
		tell("a page of the buffer has a hardware error, so it cannot be copied");
}

static int resize_tag(const struct access *access, uint64_t size)
{
	struct carveout_opened opened = CARVEOUT_OPENED_INIT;
	struct carveout_heap *heap;
	struct view view;
	int fd;

	if (view_open(&heap, access->heap, O_RDWR))
		return FAILED;
	fd = carveout_resize(heap, access->fd, size, O_RDWR | O_CLOEXEC, &opened);
	carveout_close(heap);
	if (fd < 0) {
		explain_resize(access->heap, access->tag, size, fd);
		return FAILED;
	}
	close(fd);
	if (view_load(&view, access->heap, 0))
		return FAILED;
	printf("%s: resized '%s': %s at %s, generation %llu\n",
	       text_safe(view.query.name, sizeof(view.query.name)), access->tag,
	       text_size(opened.size, false),
	       view_place(&view, opened.region, opened.offset),
	       (unsigned long long)opened.generation);
	view_unload(&view);
	return DONE;
}

static int run_resize(int argc, char **argv)
{
	static const struct option options[] = { OPTION_HELP, { 0 } };
	struct access access = { 0 };
	uint64_t size;

	next_option(argc, argv, "h", options);
	check_operands(argc, 3, 3);
	access.heap = argv[optind];
	access.tag = tag_argument(argv[optind + 1]);
	size = size_argument("size", argv[optind + 2]);
	if (!size)
		misuse("the size must be at least one byte");
	return access_open(&access, true) ? FAILED : resize_tag(&access, size);
}

const struct command command_resize = {
	.name = "resize",
	.arguments = "HEAP TAG SIZE",
	.summary = "make a buffer larger or smaller",
	.help =
	"Change the size of a buffer that nothing uses, to SIZE in whole pages. The tag\n"
	"stays, and the content up to the smaller size; added memory reads as zero. The\n"
	"buffer moves if the memory behind it is not free.\n"
	"\n"
	"  -h, --help   this text\n",
	.run = run_resize,
};
