// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Numbers in attributes and commands.
 */
#include <errno.h>
#include <stdlib.h>

#include "udmabuf.h"

int udmabuf_parse(const char *text, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno)
		return -errno;
	return *end ? -EINVAL : 0;
}
