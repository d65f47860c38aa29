// SPDX-License-Identifier: GPL-2.0
/*
 * Tags: checks their syntax.
 */

#include "carveout_lib.h"
#include "tag.h"

static bool is_tag_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/**
 * carveout_tag_check() - Check the field of a tag
 * @name: field of %CARVEOUT_TAG_FIELD bytes
 *
 * A tag has 1 to 63 bytes out of ``[A-Za-z0-9._-]``. The rest of the field, at least
 * one byte, is zero. Nothing is read beyond the field.
 *
 * Context: Any context.
 * Return: 0, or -EINVAL.
 */
int carveout_tag_check(const char name[CARVEOUT_TAG_FIELD])
{
	size_t len = 0;

	while (len < CARVEOUT_TAG_FIELD && is_tag_byte(name[len]))
		len++;
	if (len == 0 || len == CARVEOUT_TAG_FIELD)
		return -EINVAL;
	for (; len < CARVEOUT_TAG_FIELD; len++)
		if (name[len])
			return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_tag_check);
