/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The judges of answers and of directories.
 */
#ifndef SERVICE_JUDGE_H
#define SERVICE_JUDGE_H

#include "core.h"

bool permitted(const struct core *core, const char *tag, bool create);
u64 phys_of(const struct core *core, u32 bits, u64 addr, u64 size);
bool request_is_right(const struct core *core, const struct record *record);
bool request_is_plain(const struct core *core, const struct record *record);
void judge_message(struct core *core, const struct carveout_rpmsg_answer *answer, int len);
void judge_end_session(struct core *core, bool memory_is_held);
void readable_see(struct core *core, struct carveout_buf *buf, u64 offset);
u32 readable_release(struct core *core, u32 removal);
void readable_end(struct core *core, bool memory_is_held);
void readable_check(const struct core *core);
void readable_compare(struct core *core);

#endif /* SERVICE_JUDGE_H */
