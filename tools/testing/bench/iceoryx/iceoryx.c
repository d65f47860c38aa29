// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks between processes with iceoryx: the rows of users/blocks.c. The second process
 * releases the block that it received, and announces that by another one, because nothing else
 * wakes a process when a block is free. A block is owned by a process here, too: the daemon of
 * iceoryx frees those of a process that ended.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/wait.h>

#include <iceoryx_binding_c/publisher.h>
#include <iceoryx_binding_c/runtime.h>
#include <iceoryx_binding_c/subscriber.h>
#include <iceoryx_binding_c/types.h>
#include <iceoryx_binding_c/wait_set.h>

#include "../users/users.h"

#define BLOCK		(4 * KIB)
#define TRIPS		1000
#define SAMPLES		11

/* Each process subscribes to the blocks of the other one. */
static iox_pub_storage_t pub_storage;
static iox_sub_storage_t sub_storage;
static iox_ws_storage_t wait_storage;
static iox_pub_t pub;
static iox_sub_t sub;
static iox_ws_t wait_set;

static void connect_to(const char *name, const char *other)
{
	iox_pub_options_t pub_options;
	iox_sub_options_t sub_options;

	iox_runtime_init(name);
	iox_pub_options_init(&pub_options);
	iox_sub_options_init(&sub_options);
	pub = iox_pub_init(&pub_storage, "users", "block", name, &pub_options);
	sub = iox_sub_init(&sub_storage, "users", "block", other, &sub_options);
	wait_set = iox_ws_init(&wait_storage);
	iox_ws_attach_subscriber_state(wait_set, sub, SubscriberState_HAS_DATA, 0, NULL);
	while (iox_sub_get_subscription_state(sub) != SubscribeState_SUBSCRIBED ||
	       !iox_pub_has_subscribers(pub))
		usleep(1000);
}

static void *acquire(void)
{
	void *block;

	if (iox_pub_loan_chunk(pub, &block, BLOCK) != AllocationResult_SUCCESS)
		die("loan");
	return block;
}

static void give(void)
{
	iox_pub_publish_chunk(pub, acquire());
}

static void take(void)
{
	iox_notification_info_t info;
	const void *block;
	uint64_t missed;

	while (iox_sub_take_chunk(sub, &block) != ChunkReceiveResult_SUCCESS)
		iox_ws_wait(wait_set, &info, 1, &missed);
	iox_sub_release_chunk(sub, block);
}

static void second_process(void)
{
	unsigned int i;

	connect_to("second", "first");
	for (i = 0; i < (SAMPLES + 1) * TRIPS; i++) {
		take();
		give();
	}
	/* The runtime of a process ends with it. */
	exit(0);
}

static unsigned long long median_of(void (*once)(void))
{
	unsigned long long times[SAMPLES], start;
	unsigned int i, sample;

	for (sample = 0; sample <= SAMPLES; sample++) {
		start = now();
		for (i = 0; i < TRIPS; i++)
			once();
		if (sample)
			times[sample - 1] = (now() - start) / TRIPS;
	}
	return median(times, SAMPLES);
}

static void trip(void)
{
	give();
	take();
}

static void free_and_acquire(void)
{
	iox_pub_release_chunk(pub, acquire());
}

int main(void)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (!pid)
		second_process();
	connect_to("first", "second");
	report("block-trip", 1, "iceoryx", median_of(trip));
	if (waitpid(pid, &status, 0) != pid || status)
		die("the second process");
	report("block-free", 4, "iceoryx", median_of(free_and_acquire));
	return 0;
}
