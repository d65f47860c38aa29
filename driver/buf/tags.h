/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tags: permissions and changes.
 */
#ifndef CARVEOUT_TAGS_H
#define CARVEOUT_TAGS_H

#include <linux/types.h>

struct carveout;
struct carveout_buf;
struct carveout_ioctl_setattr;
struct carveout_tag;

bool carveout_tag_permits(const struct carveout_tag *tag, bool write);
bool carveout_tag_owned(const struct carveout_tag *tag);
bool carveout_tag_taken(struct carveout *carveout, const char *tag);
int carveout_tag_may_create(struct carveout *carveout, const char *tag);

int carveout_tag_publish(struct carveout_buf *buf);
int carveout_tag_link(struct carveout_buf *buf, const char *tag, umode_t mode, u32 flags,
		      bool kernel, u64 generation);
int carveout_tag_unlink(struct carveout *carveout, const char *tag,
			const struct carveout_buf *only, bool kernel);
int carveout_tag_unlink_buf(struct carveout_buf *buf);
int carveout_tag_setattr(struct carveout *carveout,
			 const struct carveout_ioctl_setattr *attr);
unsigned int carveout_tag_unlink_all(struct carveout *carveout);

#endif /* CARVEOUT_TAGS_H */
