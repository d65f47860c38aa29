// SPDX-License-Identifier: GPL-2.0
/*
 * carveout - inspect and use carveout heaps from the command line
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libcarveout.h>

#include "exit.h"
#include "report.h"
#include "text.h"
#include "tool.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static const struct command * const commands[] = {
	&command_ls,
	&command_info,
	&command_map,
	&command_alloc,
	&command_write,
	&command_cat,
	&command_rm,
};

/* The running command. */
static const struct command *running;

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static void print_usage(FILE *to)
{
	size_t i;

	fputs("usage: carveout COMMAND [ARGUMENTS]\n\n"
	      "Inspect and use carveout heaps from the command line.\n\n",
	      to);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-7s %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\n"
	      "A HEAP is the name of a device node in " CARVEOUT_NODE_DIR ", or its path.\n"
	      "Without HEAP, ls, info and map show all heaps.\n"
	      "A TAG identifies a buffer: 1 to 63 letters, digits, '.', '_' and '-'.\n"
	      "A SIZE is a number with an optional unit: 4096, 0x1000, 64K, 2M, 1G (K is 1024).\n"
	      "\n"
	      "'carveout COMMAND --help' describes a command.\n", to);
}

static void print_help(void)
{
	printf("usage: carveout %s %s\n\n%s", running->name,
	       running->arguments, running->help);
}

/* Lost output is an error, too. */
static int finish(int result)
{
	errno = 0;
	if (fflush(stdout) || ferror(stdout)) {
		complain(NULL, errno ? -errno : -EIO, "standard output");
		return FAILED;
	}
	return result;
}

static void __noreturn misused(void)
{
	fprintf(stderr, "usage: carveout %s %s\n", running->name,
		running->arguments);
	tell("see 'carveout %s --help'", running->name);
	exit(MISUSED);
}

void misuse(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		die("out of memory");
	va_end(args);
	complain(running->name, 0, "%s", text);
	free(text);
	misused();
}

int next_option(int argc, char **argv, const char *letters,
		const struct option *options)
{
	int option = getopt_long(argc, argv, letters, options, NULL);

	if (option == 'h') {
		print_help();
		exit(finish(DONE));
	}
	if (option == '?')
		misused();
	return option;
}

void check_operands(int argc, int least, int most)
{
	if (argc - optind < least)
		misuse("too few arguments");
	if (argc - optind > most)
		misuse("too many arguments");
}

unsigned long long size_argument(const char *name, const char *text)
{
	uint64_t size;
	int err = text_parse_size(text, &size);

	if (err == -ERANGE)
		misuse("%s '%s' is too large", name, text);
	if (err)
		misuse("%s '%s' is not a size", name, text);
	return size;
}

const char *tag_argument(const char *text)
{
	if (carveout_tag_check(text))
		misuse("'%s' is not a tag: use 1 to %d letters, digits, '.', '_' and '-'",
		       text, CARVEOUT_NAME_LEN - 1);
	return text;
}

static int run(int argc, char **argv)
{
	char title[32];

	/* getopt_long() uses argv[0] as the prefix of its messages. */
	snprintf(title, sizeof(title), "carveout: %s", running->name);
	argv[0] = title;
	return finish(running->run(argc, argv));
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	bool help;

	if (!name) {
		print_usage(stderr);
		return MISUSED;
	}
	help = !strcmp(name, "help") || !strcmp(name, "--help") ||
	       !strcmp(name, "-h");
	if (help && argc == 2) {
		print_usage(stdout);
		return finish(DONE);
	}
	running = find_command(help ? argv[2] : name);
	if (!running) {
		complain(NULL, 0, "no command '%s'", help ? argv[2] : name);
		tell("'carveout --help' lists the commands");
		return MISUSED;
	}
	if (help) {
		print_help();
		return finish(DONE);
	}
	return run(argc - 1, argv + 1);
}
