// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Structure versions: structures of programs that are older or newer than this
 * library. Each begins with its size as known to the program.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

int carveout__take_options(void *known, size_t known_size, const void *options,
			   size_t least)
{
	const char *bytes = options;
	size_t size = *(const size_t *)options, i;

	if (size < least)
		return -EINVAL;
	for (i = known_size; i < size; i++)
		if (bytes[i])
			return -E2BIG;
	memset(known, 0, known_size);
	memcpy(known, options, size < known_size ? size : known_size);
	return 0;
}

int carveout__check_answer(const void *answer, size_t least)
{
	return answer && *(const size_t *)answer < least ? -EINVAL : 0;
}

void carveout__set_answer(void *answer, const void *known, size_t known_size)
{
	size_t size;

	if (!answer)
		return;
	size = *(size_t *)answer;
	memset(answer, 0, size);
	memcpy(answer, known, known_size < size ? known_size : size);
	*(size_t *)answer = size;
}
