/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tags: the names of buffers.
 */

#ifndef CARVEOUT_TAG_H
#define CARVEOUT_TAG_H

#include "carveout_lib.h"

/* Length of the field that holds a tag, including its terminator. */
#define CARVEOUT_TAG_FIELD 64

int carveout_tag_check(const char name[CARVEOUT_TAG_FIELD]);

#endif /* CARVEOUT_TAG_H */
