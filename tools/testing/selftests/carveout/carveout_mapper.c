// SPDX-License-Identifier: GPL-2.0
/*
 * carveout_mapper HEAP TAG: map a buffer in two processes, for the tests of the command. The
 * first one keeps the descriptor, the second one has the mapping alone. Prints their ids,
 * and waits to be killed.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <libcarveout.h>

int main(int argc, char **argv)
{
	struct carveout_heap *heap;
	void *memory;
	pid_t child;
	int fd;

	if (argc != 3 || carveout_open(argv[1], O_RDONLY, &heap))
		return 1;
	fd = carveout_open_tag(heap, argv[2], O_RDONLY | O_CLOEXEC, NULL);
	carveout_close(heap);
	if (fd < 0 || carveout_map(fd, 0, 1, PROT_READ, &memory))
		return 1;
	child = fork();
	if (child < 0)
		return 1;
	if (!child) {
		/* It ends with the first process. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fd);
	} else {
		printf("%d %d\n", getpid(), child);
		fflush(stdout);
	}
	for (;;)
		pause();
}
