// SPDX-License-Identifier: GPL-2.0
/*
 * Times and their report, for report.py.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "users.h"

void die(const char *what)
{
	fprintf(stderr, "users: %s: %s\n", what, strerror(errno));
	exit(1);
}

unsigned long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static int compare(const void *one, const void *other)
{
	unsigned long long a = *(const unsigned long long *)one;
	unsigned long long b = *(const unsigned long long *)other;

	return a < b ? -1 : a > b;
}

unsigned long long median(unsigned long long *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

void report(const char *row, unsigned long of, const char *peer, unsigned long long ns)
{
	printf("bench: user row=%s of=%lu peer=%s ns=%llu\n", row, of, peer, ns);
	fflush(stdout);
}

/* The kernel does not have this interface. */
void report_absent(const char *row, const char *peer)
{
	printf("bench: absent row=%s peer=%s\n", row, peer);
	fflush(stdout);
}
