/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Valid and invalid tags, shared by the KUnit suite and the user-space tests.
 */

#ifndef CARVEOUT_TAG_CASES_H
#define CARVEOUT_TAG_CASES_H

#include "../tag.h"

/**
 * struct carveout_tag_case - A field and the expected result
 * @desc: description
 * @want: 0 or -EINVAL
 * @field: content of the field, all 64 bytes
 */
struct carveout_tag_case {
	const char *desc;
	int want;
	char field[CARVEOUT_TAG_FIELD];
};

#define TAG_60 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567"

static const struct carveout_tag_case carveout_tag_cases[] = {
	{ "empty", -EINVAL, "" },
	{ "one letter", 0, "a" },
	{ "one digit", 0, "0" },
	{ "one dot", 0, "." },
	{ "one underscore", 0, "_" },
	{ "one dash", 0, "-" },
	{ "two dots", 0, ".." },
	{ "all kinds", 0, "camera-0.frame_12" },
	{ "62 bytes", 0, TAG_60 "89" },
	{ "63 bytes", 0, TAG_60 "89." },
	{ "64 bytes, no terminator", -EINVAL, TAG_60 "89.-" },
	{ "a space", -EINVAL, "a b" },
	{ "a space in front", -EINVAL, " a" },
	{ "a space behind", -EINVAL, "a " },
	{ "a slash", -EINVAL, "a/b" },
	{ "a newline", -EINVAL, "a\n" },
	{ "a colon", -EINVAL, "a:b" },
	{ "a percent", -EINVAL, "%s" },
	{ "just below the digits", -EINVAL, "a/" },
	{ "just above the digits", -EINVAL, "a:" },
	{ "just below the capitals", -EINVAL, "a@" },
	{ "just above the capitals", -EINVAL, "a[" },
	{ "just below the small letters", -EINVAL, "a`" },
	{ "just above the small letters", -EINVAL, "a{" },
	{ "just below the dash", -EINVAL, "a," },
	{ "a byte of 0x80", -EINVAL, "a\x80" },
	{ "a byte of 0xff", -EINVAL, "\xff" },
	{ "UTF-8", -EINVAL, "caf\xc3\xa9" },
	{ "a byte after the terminator", -EINVAL, "a\0b" },
	{ "a byte after an empty tag", -EINVAL, "\0a" },
	{ "a letter in the last byte", -EINVAL, {
		[0] = 'a', [CARVEOUT_TAG_FIELD - 1] = 'a' } },
	{ "a byte of 1 in the last byte", -EINVAL, {
		[0] = 'a', [CARVEOUT_TAG_FIELD - 1] = 1 } },
};

#undef TAG_60

#endif /* CARVEOUT_TAG_CASES_H */
