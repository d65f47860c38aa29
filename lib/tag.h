/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tags: the names under which buffers are found.
 */

#ifndef CARVEOUT_TAG_H
#define CARVEOUT_TAG_H

#include "carveout_lib.h"

/* Length of the field that holds a name, its terminator included. */
#define CARVEOUT_TAG_FIELD 64

int carveout_tag_name_valid(const char name[CARVEOUT_TAG_FIELD]);

#endif /* CARVEOUT_TAG_H */
