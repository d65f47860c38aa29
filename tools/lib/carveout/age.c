// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Structure versions: structures of programs that are older or newer than this
 * library. Each begins with its size as known to the program.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

/*
 * No structure of any version is longer. A structure without its _INIT macro may have any
 * size, and so much memory of the program would be read or zeroed.
 */
#define SIZE_MAX_EVER	4096

static int check_size(size_t size, size_t least)
{
	if (size < least)
		return -EINVAL;
	return size > SIZE_MAX_EVER ? -E2BIG : 0;
}

int carveout__take_options(void *known, size_t known_size, const void *options,
			   size_t least)
{
	const char *bytes = options;
	size_t size = *(const size_t *)options, i;
	int err = check_size(size, least);

	if (err)
		return err;
	for (i = known_size; i < size; i++)
		if (bytes[i])
			return -E2BIG;
	memset(known, 0, known_size);
	memcpy(known, options, size < known_size ? size : known_size);
	return 0;
}

int carveout__check_answer(const void *answer, size_t least)
{
	return answer ? check_size(*(const size_t *)answer, least) : 0;
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
