/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Other processes, as far as the rights of the caller show them.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>

/**
 * struct process - A process
 * @pid: its id
 * @uid: its effective user
 * @comm: name of its program, untrusted
 */
struct process {
	uint32_t pid;
	uint32_t uid;
	char comm[16];
};

/**
 * process_describe() - Describe a process
 * @process: the process; the caller sets @process->pid
 *
 * Return: 0, or a negative errno if it has ended.
 */
int process_describe(struct process *process);

/**
 * process_descriptor() - Duplicate a file descriptor of another process
 * @pid: the process
 * @fd: its file descriptor
 *
 * It needs the rights of a debugger, such as CAP_SYS_PTRACE.
 *
 * Return: a file descriptor, close-on-exec; or a negative errno.
 */
int process_descriptor(uint32_t pid, uint32_t fd);

#endif /* PROCESS_H */
