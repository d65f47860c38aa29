// SPDX-License-Identifier: GPL-2.0
/*
 * Spelling of the properties of a device tree.
 */
#include <string.h>

#include "text.h"
#include "tree.h"

static bool is_known(const char *name, const char * const *known)
{
	/* Any DT node may have them. */
	static const char * const common[] = {
		"name", "status", "phandle", "linux,phandle", "label", NULL
	};
	const char * const *word;

	for (word = common; *word; word++)
		if (!strcmp(*word, name))
			return true;
	for (word = known; *word; word++)
		if (!strcmp(*word, name))
			return true;
	return false;
}

const char *tree_meant(const struct tree *tree, int node, const char *name,
		       const char * const *known)
{
	if (is_known(name, known))
		return NULL;
	for (; *known; known++)
		if (tree_similar(name, *known) && !dt_has(&tree->dt, node, *known))
			return *known;
	return NULL;
}

struct spelling {
	const struct tree *tree;
	int node;
	const char * const *known;
	int seen;
};

static bool check_property(const struct dt_prop *prop, void *context)
{
	struct spelling *spelling = context;
	const struct tree *tree = spelling->tree;
	const char *name = tree_meant(tree, spelling->node, prop->name, spelling->known);

	if (name) {
		doctor_find(tree->doctor, FAULT_MISSPELT, "%s instead of %s",
			    text_safe(prop->name, SIZE_MAX), name);
		doctor_write(tree->doctor, lines_rename(tree, spelling->node, prop, name));
	}
	/* Only a hostile tree has more. */
	return ++spelling->seen < 64;
}

void tree_check_spelling(const struct tree *tree, int node, const char * const *known)
{
	struct spelling spelling = { .tree = tree, .node = node, .known = known };

	dt_each(&tree->dt, node, check_property, &spelling);
}
