// SPDX-License-Identifier: GPL-2.0
/*
 * Parsing of arguments of the command line. An invalid one ends the command.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libcarveout.h>

#include "text.h"
#include "tool.h"

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

uint32_t mode_argument(const char *text)
{
	unsigned long mode;
	char *end;

	mode = strtoul(text, &end, 8);
	if (*text < '0' || *text > '7' || *end || mode > 0777)
		misuse("mode '%s' is not an octal number from 0 to 0777", text);
	return mode;
}

unsigned long long number_argument(const char *name, const char *text,
				   unsigned long long least, unsigned long long most)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number < least || number > most)
		misuse("%s '%s' is not a number from %llu to %llu", name, text, least, most);
	return number;
}

const char *label_argument(const char *text)
{
	size_t length = strlen(text), i;

	for (i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			misuse("label '%s' is not plain ASCII text", text);
	if (length >= CARVEOUT_NAME_LEN)
		misuse("label '%s' is longer than %d bytes", text,
		       CARVEOUT_NAME_LEN - 1);
	return text;
}
