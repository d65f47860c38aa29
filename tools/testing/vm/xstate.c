// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded by user-mode Linux before 7, for processors whose extended state is large.
 *
 * User-mode Linux keeps 2696 bytes of the floating-point state of a process, which is all up
 * to AVX-512 and the protection keys (HOST_FP_SIZE in arch/x86/um/user-offsets.c). With AMX
 * the state has 11008 bytes. PTRACE_GETREGSET then returns its first part, but
 * PTRACE_SETREGSET takes the whole state only and fails with EFAULT, so that init never runs.
 * Here the rest is taken from the process: the tiles of AMX, which no process uses without
 * having asked for them with arch_prctl().
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef long (*ptrace_fn)(enum __ptrace_request request, ...);

/* Room for all states that are defined; these kernels have one thread. */
static char whole[64 << 10] __attribute__((aligned(64)));

static long set_xstate(ptrace_fn next, pid_t pid, struct iovec *part)
{
	struct iovec all = { .iov_base = whole, .iov_len = sizeof(whole) };
	long rc;

	rc = next(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &all);
	if (rc < 0 || part->iov_len >= all.iov_len)
		return next(PTRACE_SETREGSET, pid, NT_X86_XSTATE, part);

	memcpy(whole, part->iov_base, part->iov_len);
	return next(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &all);
}

long ptrace(enum __ptrace_request request, ...)
{
	static ptrace_fn next;
	va_list args;
	pid_t pid;
	void *addr, *data;

	va_start(args, request);
	pid = va_arg(args, pid_t);
	addr = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);

	if (!next)
		next = (ptrace_fn)dlsym(RTLD_NEXT, "ptrace");
	if (request == PTRACE_SETREGSET && (unsigned long)addr == NT_X86_XSTATE)
		return set_xstate(next, pid, data);
	return next(request, pid, addr, data);
}
