/* SPDX-License-Identifier: GPL-2.0 */
/* The heap of a program that needs memory with pages. */
#ifndef CARVEOUT_WITH_PAGES_H
#define CARVEOUT_WITH_PAGES_H

#include <stdlib.h>
#include <unistd.h>

#include "carveout_fixture.h"

/* The first heap with such memory, if the default heap has none. */
static void __attribute__((constructor(101))) choose_heap_with_pages(void)
{
	const char *name;
	__u64 regions;
	int node;

	node = open_heap_with(true, &name, &regions);
	if (node < 0)
		return;
	setenv("CARVEOUT_HEAP", name, 0);
	close(node);
}

#endif /* CARVEOUT_WITH_PAGES_H */
