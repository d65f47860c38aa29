/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands of the carveout tool, and parsing of their arguments.
 */
#ifndef TOOL_H
#define TOOL_H

#include <getopt.h>
#include <stdint.h>

#include "compiler.h"

/**
 * struct command - A command
 * @name: its name, of one word or two
 * @arguments: synopsis of its arguments
 * @summary: its purpose, in one line
 * @help: the rest of the output of --help
 * @run: runs the command; returns the exit code
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
extern const struct command command_link;
extern const struct command command_setattr;
extern const struct command command_resize;
extern const struct command command_pool_create;
extern const struct command command_pool_ls;
extern const struct command command_pool_info;
extern const struct command command_pool_acquire;
extern const struct command command_pool_release;
extern const struct command command_pool_destroy;
extern const struct command command_top;
extern const struct command command_doctor;

/* The option that is common to all commands. */
#define OPTION_HELP	{ "help", no_argument, NULL, 'h' }

/**
 * next_option() - Get the next option of the running command
 * @argc: number of arguments
 * @argv: arguments
 * @letters: the options with a letter
 * @options: all options
 *
 * Handles --help and unknown options itself, and exits.
 *
 * Return: as getopt_long().
 */
int next_option(int argc, char **argv, const char *letters,
		const struct option *options);

/**
 * check_operands() - Check the number of arguments that are not options
 * @argc: number of arguments
 * @least: the minimum
 * @most: the maximum
 *
 * Exits if the number is wrong.
 */
void check_operands(int argc, int least, int most);

/**
 * misuse() - Report an error of the command line and exit
 * @fmt: the error
 */
void __noreturn __printf(1, 2)
misuse(const char *fmt, ...);

/**
 * size_argument() - Parse a size from the command line
 * @name: name of the argument, for the message
 * @text: the argument
 *
 * Exits if it is not a size.
 *
 * Return: the size.
 */
unsigned long long size_argument(const char *name, const char *text);

/**
 * tag_argument() - Check a tag from the command line
 * @text: the argument
 *
 * Exits if it is not a valid tag.
 *
 * Return: the tag.
 */
const char *tag_argument(const char *text);

/**
 * mode_argument() - Parse permission bits from the command line
 * @text: the argument
 *
 * Exits if it is not an octal number from 0 to 0777.
 *
 * Return: the permission bits.
 */
uint32_t mode_argument(const char *text);

/**
 * label_argument() - Check a label from the command line
 * @text: the argument
 *
 * Exits if it is too long or not plain ASCII text.
 *
 * Return: the label.
 */
const char *label_argument(const char *text);

/**
 * number_argument() - Parse a number from the command line
 * @name: name of the argument, for the message
 * @text: the argument, decimal
 * @least: the minimum
 * @most: the maximum
 *
 * Exits if it is not a number in that range.
 *
 * Return: the number.
 */
unsigned long long number_argument(const char *name, const char *text,
				   unsigned long long least, unsigned long long most);

#endif /* TOOL_H */
