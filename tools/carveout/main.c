// SPDX-License-Identifier: GPL-2.0
/*
 * carveout - inspect and use carveout heaps from the command line
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libcarveout.h>

#include "exit.h"
#include "report.h"
#include "tool.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static const struct command * const commands[] = {
	&command_ls,
	&command_info,
	&command_map,
	&command_top,
	&command_alloc,
	&command_write,
	&command_cat,
	&command_rm,
	&command_link,
	&command_setattr,
	&command_resize,
	&command_pool_create,
	&command_pool_ls,
	&command_pool_info,
	&command_pool_acquire,
	&command_pool_release,
	&command_pool_destroy,
	&command_doctor,
};

/* The running command. */
static const struct command *running;

/* Number of leading arguments that are the words of a command's name, or 0. */
static int match_words(const char *name, int argc, char **argv)
{
	int words = 0;
	size_t length;

	for (;; name += length + 1) {
		length = strcspn(name, " ");
		if (words == argc || strlen(argv[words]) != length ||
		    strncmp(argv[words], name, length))
			return 0;
		words++;
		if (!name[length])
			return words;
	}
}

static const struct command *find_command(int argc, char **argv, int *words)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		*words = match_words(commands[i]->name, argc, argv);
		if (*words)
			return commands[i];
	}
	return NULL;
}

/* Is this word the first of two of a command's name? */
static bool is_group(const char *word)
{
	size_t length = strlen(word), i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strncmp(commands[i]->name, word, length) &&
		    commands[i]->name[length] == ' ')
			return true;
	return false;
}

static void print_usage(FILE *to)
{
	size_t i;

	fputs("usage: carveout COMMAND [ARGUMENTS]\n\n"
	      "Inspect and use carveout heaps from the command line.\n\n",
	      to);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-12s  %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\n"
	      "A HEAP is the name of a device node in " CARVEOUT_NODE_DIR ", or its path.\n"
	      "Without HEAP, ls, info, map, pool ls and top show all heaps.\n"
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
	int err = flush_output();

	if (err)
		complain(NULL, err, "standard output");
	return err ? FAILED : result;
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

static int complain_command(int argc, char **argv)
{
	if (!is_group(argv[0]))
		complain(NULL, 0, "no command '%s'", argv[0]);
	else if (argc > 1)
		complain(NULL, 0, "no command '%s %s'", argv[0], argv[1]);
	else
		complain(NULL, 0, "'%s' is the first word of several commands", argv[0]);
	tell("'carveout --help' lists the commands");
	return MISUSED;
}

static int run(int argc, char **argv)
{
	char title[32];

	/* getopt_long() uses argv[0] as the prefix of its messages. */
	snprintf(title, sizeof(title), "carveout: %s", running->name);
	argv[0] = title;
	return finish(running->run(argc, argv));
}

/*
 * A file that the command opens must not become its standard output. One that is closed is
 * opened in the wrong direction, so that its use still fails.
 */
static void occupy_standard_files(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			exit(FAILED);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	bool help;
	int words;

	occupy_standard_files();
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
	argc -= 1 + help;
	argv += 1 + help;
	running = find_command(argc, argv, &words);
	if (!running)
		return complain_command(argc, argv);
	if (help) {
		print_help();
		return finish(DONE);
	}
	return run(argc - words + 1, argv + words - 1);
}
