/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pfnmap.c maps a file whose memory has no pages, by default /dev/mem. Redirected is the
 * open of that file: the path of a heap stands for a new buffer in it. Its mapping has no
 * VM_PFNMAP, so that no driver takes its page frames without a reference; the check for
 * that flag is redirected as well. The mappings, their splits and moves, and the fork are as
 * in the test.
 */
#ifndef REDIRECT_MEM_H
#define REDIRECT_MEM_H

static inline int redirect_open(const char *path, int flags)
{
	size_t len = strlen(REDIRECT_HEAPS);

	if (strncmp(path, REDIRECT_HEAPS, len))
		return open(path, flags);
	return redirect_buffer(path + len + 1, 2 * getpagesize());
}

bool redirect_check_vmflag_pfnmap(void *addr)
{
	return true;
}

#define open	redirect_open
#define check_vmflag_pfnmap	redirect_check_vmflag_pfnmap

#endif /* REDIRECT_MEM_H */
