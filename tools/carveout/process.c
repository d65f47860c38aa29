// SPDX-License-Identifier: GPL-2.0
/*
 * Other processes, as far as the rights of the caller show them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"

int process_describe(struct process *process)
{
	struct stat status;
	char path[64];
	FILE *file;
	size_t got;

	snprintf(path, sizeof(path), "/proc/%u/comm", process->pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	if (fstat(fileno(file), &status)) {
		fclose(file);
		return -errno;
	}
	process->uid = status.st_uid;
	/* A name may contain a newline; the last one is the file's. */
	got = fread(process->comm, 1, sizeof(process->comm), file);
	fclose(file);
	if (got && process->comm[got - 1] == '\n')
		got--;
	memset(process->comm + got, 0, sizeof(process->comm) - got);
	return 0;
}

int process_descriptor(uint32_t pid, uint32_t fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int copy;

	if (pidfd < 0)
		return -errno;
	copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (copy < 0)
		copy = -errno;
	close(pidfd);
	return copy;
}
