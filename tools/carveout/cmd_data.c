// SPDX-License-Identifier: GPL-2.0
/*
 * carveout write, carveout cat: copy data to and from a buffer
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "exit.h"
#include "report.h"
#include "text.h"
#include "tool.h"
#include "view.h"

#define HEX_LINE	16U

/* === write === */

static int write_buffer(struct access *access)
{
	int input, err;

	input = access_input(access);
	if (input < 0)
		return FAILED;
	err = access_open(access, true);
	if (!err) {
		err = access_fill(access, input);
		access_close(access);
	}
	if (input != STDIN_FILENO)
		close(input);
	if (err)
		return FAILED;
	printf("%s: %llu bytes written to '%s' at offset %llu\n",
	       text_safe(access->heap, SIZE_MAX),
	       (unsigned long long)access->size, access->tag,
	       (unsigned long long)access->offset);
	return DONE;
}

static int run_write(int argc, char **argv)
{
	static const struct option options[] = {
		{ "offset", required_argument, NULL, 'o' },
		{ "file", required_argument, NULL, 'f' },
		OPTION_HELP,
		{ 0 }
	};
	struct access access = { 0 };
	int option;

	while ((option = next_option(argc, argv, "f:o:h", options)) >= 0) {
		if (option == 'o')
			access.offset = size_argument("offset", optarg);
		else
			access.file = optarg;
	}
	check_operands(argc, 2, 2);
	access.heap = argv[optind];
	access.tag = tag_argument(argv[optind + 1]);
	return write_buffer(&access);
}

const struct command command_write = {
	.name = "write",
	.arguments = "HEAP TAG [-o OFFSET] [-f FILE]",
	.summary = "write standard input or a file into a buffer",
	.help =
	"Write standard input into the buffer and print the number of bytes. The rest of\n"
	"the buffer is unchanged. Input that does not fit is rejected: a file before\n"
	"anything is written, a pipe when the buffer is full.\n"
	"\n"
	"  -o, --offset SIZE   begin at this offset\n"
	"  -f, --file FILE     read FILE instead of standard input\n"
	"  -h, --help          this text\n",
	.run = run_write,
};

/* === cat === */

static int check_size(struct access *access)
{
	uint64_t left;
	int err = access_check_offset(access);

	if (err)
		return err;
	left = access->total - access->offset;
	if (access->whole)
		access->size = left;
	if (access->size <= left)
		return 0;
	complain(access->heap, 0, "'%s' has only %llu bytes from offset %llu",
		 access->tag, (unsigned long long)left,
		 (unsigned long long)access->offset);
	return -EINVAL;
}

static void copy_out(const struct access *access)
{
	const char *from = access->memory + access->offset;
	uint64_t done = 0;
	ssize_t put;

	while (done < access->size) {
		put = write(STDOUT_FILENO, from + done, access->size - done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			die("standard output: %s", strerror(errno));
		done += put;
	}
}

/*
 * A terminal gets only text: zero bytes are left out, and bytes that could
 * control it are printed as \xNN.
 */
static void show_text(const struct access *access)
{
	const char *from = access->memory + access->offset;
	uint64_t i;
	char byte;

	for (i = 0; i < access->size && !ferror(stdout); i++) {
		/* Other users of the buffer may change it meanwhile. */
		byte = __atomic_load_n(from + i, __ATOMIC_RELAXED);
		if (!byte)
			continue;
		if (isprint((unsigned char)byte) || byte == '\n' ||
		    byte == '\t')
			putchar(byte);
		else
			printf("\\x%02x", (unsigned char)byte);
	}
}

static void hex_line(uint64_t offset, const unsigned char *bytes, size_t count)
{
	size_t i;

	printf("%08llx ", (unsigned long long)offset);
	for (i = 0; i < HEX_LINE; i++) {
		if (i == HEX_LINE / 2)
			putchar(' ');
		if (i < count)
			printf(" %02x", bytes[i]);
		else
			fputs("   ", stdout);
	}
	fputs("  |", stdout);
	for (i = 0; i < count; i++)
		putchar(isprint(bytes[i]) ? bytes[i] : '.');
	puts("|");
}

/* Lines that repeat the previous line are printed as one '*'. */
static void show_hex(const struct access *access)
{
	unsigned char line[HEX_LINE], last[HEX_LINE];
	uint64_t done, count;
	bool skipping = false;

	for (done = 0; done < access->size && !ferror(stdout); done += count) {
		count = access->size - done;
		if (count > HEX_LINE)
			count = HEX_LINE;
		memcpy(line, access->memory + access->offset + done, count);
		if (done && count == HEX_LINE && !memcmp(line, last, count)) {
			if (!skipping)
				puts("*");
			skipping = true;
			continue;
		}
		skipping = false;
		hex_line(access->offset + done, line, count);
		memcpy(last, line, count);
	}
	printf("%08llx\n", (unsigned long long)(access->offset + access->size));
}

static int read_buffer(struct access *access)
{
	int err = check_size(access);

	if (!err)
		err = access_begin(access, false);
	if (err)
		return err;
	if (access->hex)
		show_hex(access);
	else if (isatty(STDOUT_FILENO))
		show_text(access);
	else
		copy_out(access);
	return access_end(access);
}

static int run_cat(int argc, char **argv)
{
	static const struct option options[] = {
		{ "offset", required_argument, NULL, 'o' },
		{ "size", required_argument, NULL, 's' },
		{ "hex", no_argument, NULL, 'x' },
		OPTION_HELP,
		{ 0 }
	};
	struct access access = { .whole = true };
	int option, err;

	while ((option = next_option(argc, argv, "o:s:xh", options)) >= 0) {
		if (option == 'o')
			access.offset = size_argument("offset", optarg);
		else if (option == 's')
			access.size = size_argument("size", optarg);
		else
			access.hex = true;
		if (option == 's')
			access.whole = false;
	}
	check_operands(argc, 2, 2);
	access.heap = argv[optind];
	access.tag = tag_argument(argv[optind + 1]);
	err = access_open(&access, false);
	if (err)
		return FAILED;
	err = read_buffer(&access);
	access_close(&access);
	return err ? FAILED : DONE;
}

const struct command command_cat = {
	.name = "cat",
	.arguments = "HEAP TAG [-o OFFSET] [-s SIZE] [-x]",
	.summary = "print the content of a buffer",
	.help =
	"Print the buffer. It is opened and mapped read-only.\n"
	"\n"
	"  -o, --offset SIZE   begin at this offset\n"
	"  -s, --size SIZE     number of bytes (default: to the end of the buffer)\n"
	"  -x, --hex           as hexadecimal numbers and text\n"
	"  -h, --help          this text\n"
	"\n"
	"A file or a pipe gets the bytes unchanged. On a terminal, zero bytes are left\n"
	"out, and bytes that are not text are printed as \\xNN.\n",
	.run = run_cat,
};
