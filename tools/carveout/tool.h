/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands of the carveout tool, and how they read their arguments.
 */
#ifndef TOOL_H
#define TOOL_H

#include <getopt.h>

#include "compiler.h"

/**
 * struct command - a command
 * @name: its name
 * @arguments: what it takes
 * @summary: what it does, in a line
 * @help: everything else that --help prints
 * @run: the command itself; returns the exit code
 */
struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);
};

extern const struct command command_ls;
extern const struct command command_info;
extern const struct command command_map;
extern const struct command command_alloc;
extern const struct command command_write;
extern const struct command command_cat;
extern const struct command command_rm;

/* The option that every command has. */
#define OPTION_HELP	{ "help", no_argument, NULL, 'h' }

/**
 * next_option() - the next option of the running command
 * @argc: number of arguments
 * @argv: arguments
 * @letters: the options with a letter
 * @options: all options
 *
 * Deals with --help and with unknown options itself, and exits.
 *
 * Return: as getopt_long().
 */
int next_option(int argc, char **argv, const char *letters,
		const struct option *options);

/**
 * check_operands() - check the number of arguments that are no options
 * @argc: number of arguments
 * @least: the fewest
 * @most: the most
 *
 * Exits if the number is wrong.
 */
void check_operands(int argc, int least, int most);

/**
 * misuse() - complain about the command line and exit
 * @fmt: what is wrong with it
 */
void __noreturn __printf(1, 2)
misuse(const char *fmt, ...);

/**
 * size_argument() - read a size from the command line
 * @what: what it is, for the message
 * @text: the argument
 *
 * Exits if it is no size.
 *
 * Return: the size.
 */
unsigned long long size_argument(const char *what, const char *text);

/**
 * tag_argument() - check a tag from the command line
 * @text: the argument
 *
 * Exits if it cannot be a tag.
 *
 * Return: the tag.
 */
const char *tag_argument(const char *text);

#endif /* TOOL_H */
