// SPDX-License-Identifier: GPL-2.0
/*
 * Shared code of the test programs: contents of mappings, child processes, file
 * descriptors, missing pages.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "carveout_test.h"

/* === Mappings and their contents ========================================= */

/**
 * map_buffer() - Map a buffer from its start
 * @fd: file descriptor
 * @size: bytes
 * @prot: PROT_* flags
 *
 * Return: the mapping, or MAP_FAILED with errno set.
 */
void *map_buffer(int fd, size_t size, int prot)
{
	return mmap(NULL, size, prot, MAP_SHARED, fd, 0);
}

static __u32 pattern_word(__u32 seed, size_t index)
{
	return (seed + index) * 0x9e3779b1U ^ seed;
}

/**
 * fill_pattern() - Fill memory so that all neighbouring words differ
 * @mem: memory
 * @size: bytes, a multiple of 4
 * @seed: number of the pattern
 */
void fill_pattern(void *mem, size_t size, __u32 seed)
{
	__u32 *word = mem;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++)
		word[i] = pattern_word(seed, i);
}

/**
 * has_pattern() - Does memory still have its pattern?
 * @mem: memory
 * @size: bytes, a multiple of 4
 * @seed: number of the pattern
 *
 * Return: true if every word has it.
 */
bool has_pattern(const void *mem, size_t size, __u32 seed)
{
	const __u32 *word = mem;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++)
		if (word[i] != pattern_word(seed, i))
			return false;
	return true;
}

/**
 * is_filled() - Does every byte have this value?
 * @mem: memory
 * @size: bytes
 * @byte: value
 *
 * Return: true if so.
 */
bool is_filled(const void *mem, size_t size, unsigned char byte)
{
	const unsigned char *first = mem;

	return !size || (*first == byte && !memcmp(first, first + 1, size - 1));
}

/**
 * map_numbered() - Map a buffer and fill page n with pattern n
 * @fd: file descriptor
 * @pages: size of the buffer in pages
 *
 * Return: the mapping, or MAP_FAILED with errno set.
 */
void *map_numbered(int fd, unsigned int pages)
{
	char *mem = map_buffer(fd, pages * PAGE, PROT_READ | PROT_WRITE);
	unsigned int i;

	if (mem != MAP_FAILED)
		for (i = 0; i < pages; i++)
			fill_pattern(mem + i * PAGE, PAGE, i);
	return mem;
}

/**
 * is_numbered() - Does page n still have pattern n?
 * @mem: memory of map_numbered()
 * @pages: number of pages
 *
 * Return: true if so for each page.
 */
bool is_numbered(const void *mem, unsigned int pages)
{
	unsigned int i;

	for (i = 0; i < pages; i++)
		if (!has_pattern((const char *)mem + i * PAGE, PAGE, i))
			return false;
	return true;
}

static int flood_hole(int node, __u64 size, unsigned char byte)
{
	int fd = alloc_buffer(node, size);
	void *mem;

	if (fd < 0)
		return fd;
	mem = map_buffer(fd, size, PROT_READ | PROT_WRITE);
	if (mem == MAP_FAILED) {
		close(fd);
		return -ENOMEM;
	}
	memset(mem, byte, size);
	munmap(mem, size);
	return fd;
}

/**
 * flood_heap() - Fill all free memory of a heap with a value, and free it
 * @node: the heap
 * @byte: value
 *
 * Return: bytes filled, or a negative errno value.
 */
__s64 flood_heap(int node, unsigned char byte)
{
	struct carveout_ioctl_query query;
	int fds[256], fd = 0, count = 0;
	__s64 filled = 0;

	while (count < 256) {
		fd = query_heap(node, &query);
		if (fd || !query.largest_hole)
			break;
		fd = flood_hole(node, query.largest_hole, byte);
		if (fd < 0)
			break;
		fds[count++] = fd;
		filled += query.largest_hole;
	}
	while (count)
		close(fds[--count]);
	return fd < 0 ? fd : filled;
}

/* The test expects a signal, and needs no core file. */
static void no_core(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
}

/**
 * read_at() - Read a byte; for start_child()
 * @arg: address
 *
 * Return: 0, unless a signal ends the process.
 */
int read_at(void *arg)
{
	no_core();
	return __atomic_load_n((char *)arg, __ATOMIC_RELAXED) & 0;
}

/**
 * write_at() - Write a byte; for start_child()
 * @arg: address
 *
 * Return: 0, unless a signal ends the process.
 */
int write_at(void *arg)
{
	no_core();
	__atomic_store_n((char *)arg, 1, __ATOMIC_RELAXED);
	return 0;
}

/* === Processes =========================================================== */

/**
 * start_child() - Run a function in a process that dies with this one
 * @fn: function; its return value, 0 to 127, is the exit status
 * @arg: its argument
 *
 * Return: process id or a negative errno value.
 */
pid_t start_child(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(fn(arg));
	}
	return pid;
}

/**
 * wait_child() - Wait for the end of a process
 * @pid: process
 *
 * Return: its exit status, 128 + number of the signal that killed it, or a negative errno
 * value.
 */
int wait_child(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/**
 * run_child() - Run a function in another process
 * @fn: function; its return value, 0 to 127, is the exit status
 * @arg: its argument
 *
 * Return: as wait_child().
 */
int run_child(int (*fn)(void *arg), void *arg)
{
	pid_t pid = start_child(fn, arg);

	return pid < 0 ? pid : wait_child(pid);
}

/**
 * run_seeded() - Run a function in several processes with different seeds
 * @fn: function; its return value, 0 to 127, is the exit status
 * @arg: its argument
 * @seed: member of @arg with the seed of the first process; incremented for each
 * @count: number of processes, at most 8
 *
 * Return: 0, or the result of the first process that failed, as wait_child().
 */
int run_seeded(int (*fn)(void *arg), void *arg, __u32 *seed, unsigned int count)
{
	int result, ret = 0;
	unsigned int i;
	pid_t pid[8];

	for (i = 0; i < count; i++, ++*seed)
		pid[i] = start_child(fn, arg);
	for (i = 0; i < count; i++) {
		result = pid[i] < 0 ? pid[i] : wait_child(pid[i]);
		ret = ret ?: result;
	}
	return ret;
}

/* The state letter of the process' file "stat"; X if there is no such process. */
static char process_state(pid_t pid)
{
	char path[64], line[256], *name_end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_line(path, line, sizeof(line)))
		return 'X';
	name_end = strrchr(line, ')');
	return name_end ? name_end[2] : 'X';
}

/**
 * sleeps() - Does a process sleep, like a waiter, now or soon?
 * @pid: process
 *
 * Return: true if so.
 */
bool sleeps(pid_t pid)
{
	char state;

	/* A process that has ended never sleeps. */
	return BECOMES_TRUE(strchr("SZX", state = process_state(pid))) && state == 'S';
}

static int signalled;

static void note_signal(int signal)
{
	__atomic_store_n(&signalled, signal, __ATOMIC_RELAXED);
}

/**
 * handle_signals() - Install a handler for SIGUSR1 that only notes the signal
 * @flags: SA_RESTART, or 0 for calls that the signal interrupts
 *
 * Children inherit the handler.
 *
 * Return: 0, or a negative errno value.
 */
int handle_signals(int flags)
{
	const struct sigaction action = { .sa_handler = note_signal, .sa_flags = flags };

	return sigaction(SIGUSR1, &action, NULL) ? -errno : 0;
}

/**
 * was_signalled() - Has a signal been noted?
 *
 * Return: true if so, in this process or before it was forked.
 */
bool was_signalled(void)
{
	return __atomic_load_n(&signalled, __ATOMIC_RELAXED);
}

/**
 * wait_with_handler() - Wait with a handler for SIGUSR1
 * @flags: as for handle_signals()
 * @wait: function that waits
 * @arg: its argument
 *
 * Return: the result of @wait; 7 if it is 0 without a signal, 8 without a handler.
 */
int wait_with_handler(int flags, int (*wait)(void *arg), void *arg)
{
	if (handle_signals(flags))
		return 8;
	return wait(arg) ?: was_signalled() ? 0 : 7;
}

/**
 * wait_and_restart() - Wait until a deadline, restarted by signals all the while
 * @wait: function that waits
 * @arg: its argument
 * @deadline: member of @arg, set to half a second from the first signal
 *
 * The deadline is that of the first call, however often it restarts.
 *
 * Return: the result of @wait; 9 if it is 0 before the deadline.
 */
int wait_and_restart(int (*wait)(void *arg), void *arg, __u64 *deadline)
{
	/* The first signal shows that the others arrive, too. */
	while (!was_signalled())
		sleep_us(1000);
	*deadline = now_ns() + 500 * MS;
	return wait(arg) ?: now_ns() < *deadline ? 9 : 0;
}

/**
 * signal_child() - Send SIGUSR1 to a process repeatedly until it ends
 * @pid: process
 *
 * Return: as wait_child().
 */
int signal_child(pid_t pid)
{
	siginfo_t ended = { 0 };

	while (!waitid(P_PID, pid, &ended, WEXITED | WNOHANG | WNOWAIT) &&
	       !ended.si_pid) {
		kill(pid, SIGUSR1);
		sleep_us(5000);
	}
	return wait_child(pid);
}

/**
 * become() - Become another user without privileges, permanently
 * @uid: user
 * @gid: group
 *
 * Return: 0 or a negative errno value.
 */
int become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

/**
 * count_fds() - Number of file descriptors of this process
 *
 * Return: that number or a negative errno value.
 */
int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 3;	/* ".", ".." and the folder itself */
}

/**
 * next_fd() - Number of the next file descriptor
 * @fd: any open file descriptor
 *
 * It changes if a descriptor leaks, and also if a reserved number leaks, which /proc does
 * not show.
 *
 * Return: that number, or a negative errno value.
 */
int next_fd(int fd)
{
	int next = dup(fd);

	if (next < 0)
		return -errno;
	close(next);
	return next;
}

/**
 * send_fd() - Send a file descriptor through a socket
 * @sock: UNIX socket
 * @fd: file descriptor
 *
 * Return: 0 or a negative errno value.
 */
int send_fd(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = "";
	struct iovec data = { .iov_base = "", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

/**
 * recv_fd() - Receive a file descriptor from a socket
 * @sock: UNIX socket
 *
 * Return: the file descriptor or a negative errno value.
 */
int recv_fd(int sock)
{
	char control[CMSG_SPACE(sizeof(int))];
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -EIO;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/**
 * sleep_us() - Sleep
 * @us: microseconds, below a million
 */
void sleep_us(unsigned int us)
{
	struct timespec time = { .tv_nsec = us * 1000L };

	nanosleep(&time, NULL);
}

/**
 * doze() - Sleep for a millisecond
 * @left: remaining milliseconds of a timeout
 *
 * Return: milliseconds to subtract from it. A late wake-up counts only a few.
 */
unsigned int doze(unsigned int left)
{
	__u64 start = now_ms(), slept;

	sleep_us(1000);
	slept = now_ms() - start;
	/* A coarse clock has ticks of 10 ms. */
	if (slept > 20)
		slept = 20;
	if (!slept)
		slept = 1;
	return slept < left ? slept : left;
}

/**
 * now_ns() - The clock of deadlines, CLOCK_MONOTONIC
 *
 * Return: nanoseconds.
 */
__u64 now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/**
 * now_ms() - The clock of deadlines in milliseconds
 *
 * Return: milliseconds.
 */
__u64 now_ms(void)
{
	return now_ns() / MS;
}

/**
 * env_rounds() - Number of rounds of a long test
 * @rounds: default, scaled by $CARVEOUT_ROUNDS (per cent) if it is set
 *
 * Return: number of rounds, at least 1.
 */
unsigned int env_rounds(unsigned int rounds)
{
	const char *percent = getenv("CARVEOUT_ROUNDS");
	unsigned int scaled = rounds;

	if (percent && *percent)
		scaled = (__u64)rounds * strtoul(percent, NULL, 10) / 100;
	return scaled ? scaled : 1;
}

/**
 * next_random() - A small random generator with the same sequence in every run
 * @state: its state, not 0
 *
 * Return: the next number (xorshift32, Marsaglia).
 */
__u32 next_random(__u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/**
 * kernel_at_least() - Does the kernel have at least this version?
 * @major: first number
 * @minor: second number
 *
 * Return: true if so.
 */
bool kernel_at_least(int major, int minor)
{
	struct utsname name;
	int x, y;

	if (uname(&name) || sscanf(name.release, "%d.%d", &x, &y) != 2)
		return false;
	return x > major || (x == major && y >= minor);
}

/* === Missing pages ======================================================= */

/**
 * stalled_call() - Make a system call; for pthread_create()
 * @data: struct stall
 *
 * Return: NULL.
 */
void *stalled_call(void *data)
{
	struct stall *stall = data;

	stall->result = xioctl(stall->node, stall->cmd, stall->arg);
	return NULL;
}

/**
 * missing_page() - Memory that is missing until fill_page()
 * @page: gets its address
 *
 * Return: a userfaultfd, readable once a thread waits for the page; -1 if the kernel does
 * not support it.
 */
int missing_page(char **page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -1;
	*page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (unsigned long)*page;
	range.range.len = PAGE;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range)) {
		close(fd);
		return -1;
	}
	return fd;
}

/**
 * fill_page() - Fill a missing page, which ends the waits for it
 * @uffd: from missing_page()
 * @page: the page
 * @from: a page of bytes
 *
 * Return: 0, or -1 with errno set.
 */
int fill_page(int uffd, char *page, const void *from)
{
	struct uffdio_copy copy = {
		.dst = (unsigned long)page,
		.src = (unsigned long)from,
		.len = PAGE,
	};

	return ioctl(uffd, UFFDIO_COPY, &copy);
}
