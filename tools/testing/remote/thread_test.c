// SPDX-License-Identifier: GPL-2.0
/*
 * Several tasks and a receiver at the same time, with the lock and the condition variable of a
 * port for threads.
 */

#include <pthread.h>
#include <time.h>

#include "fixture.h"

#define TASKS 4
#define ROUNDS 2000

/* Ring of messages from the client to the receiver. It is short, so that sends fail. */
#define RING 3

static struct threads {
	struct server server;		/* the client and the model; the receiver uses the model */
	struct carveout_remote_ops ops;
	pthread_mutex_t mutex;
	pthread_cond_t event;
	pthread_mutex_t ring_mutex;
	struct message ring[RING];
	unsigned int nr_ring;
	unsigned int refused;
	unsigned int failed;
	bool stop;
} threads;

static void threads_lock(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&threads.mutex);
}

static void threads_unlock(void *ctx)
{
	(void)ctx;
	pthread_mutex_unlock(&threads.mutex);
}

static void threads_wait(void *ctx, uint32_t ms)
{
	struct timespec until;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)ms * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&threads.event, &threads.mutex, &until);
}

static void threads_wake(void *ctx)
{
	(void)ctx;
	pthread_cond_broadcast(&threads.event);
}

static int threads_send(void *ctx, const void *data, size_t len)
{
	int ret = -1;

	(void)ctx;
	pthread_mutex_lock(&threads.ring_mutex);
	if (threads.nr_ring < RING) {
		memcpy(threads.ring[threads.nr_ring].data, data, len);
		threads.ring[threads.nr_ring++].len = len;
		ret = 0;
	} else {
		threads.refused++;
	}
	pthread_mutex_unlock(&threads.ring_mutex);
	return ret;
}

/* Take the newest message out of the ring: so answers overtake each other. */
static bool take_message(struct message *message)
{
	bool taken;

	pthread_mutex_lock(&threads.ring_mutex);
	taken = threads.nr_ring > 0;
	if (taken)
		*message = threads.ring[--threads.nr_ring];
	pthread_mutex_unlock(&threads.ring_mutex);
	return taken;
}

static void *receiver(void *arg)
{
	struct server *server = &threads.server;
	struct message message;

	(void)arg;
	while (!__atomic_load_n(&threads.stop, __ATOMIC_ACQUIRE)) {
		if (take_message(&message)) {
			server->sent[0] = message;
			server_serve_one(server, 0);
		} else {
			sched_yield();
		}
		carveout_remote_process(&server->remote);
	}
	return NULL;
}

static void *task(void *arg)
{
	struct carveout_remote *remote = &threads.server.remote;
	struct carveout_remote_result buf, again;
	int i, bad = 0;

	for (i = 0; i < ROUNDS; i++) {
		bad |= carveout_remote_open_or_create(remote, 0, arg, 64, 0, &buf);
		bad |= carveout_remote_open(remote, 0, arg, 0, 10, &again);
		bad |= again.addr != buf.addr || again.serial != buf.serial;
		bad |= carveout_remote_put(remote, buf.handle);
		bad |= carveout_remote_put(remote, again.handle);
	}
	if (bad)
		__atomic_add_fetch(&threads.failed, 1, __ATOMIC_RELAXED);
	return NULL;
}

FIXTURE(tasks)
{
	int unused;
};

FIXTURE_SETUP(tasks)
{
}

FIXTURE_TEARDOWN(tasks)
{
}

/* One processor may be free for all of them, seldom. */
TEST_F_TIMEOUT(tasks, at_the_same_time, 600)
{
	static char tags[TASKS][8] = { "a", "b", "c", "d" };
	struct server *server = &threads.server;
	pthread_t id[TASKS + 1];
	int i;

	server_init(server);
	threads.ops = (struct carveout_remote_ops){
		.send = threads_send,
		.lock = threads_lock,
		.unlock = threads_unlock,
		.wait = threads_wait,
		.wake = threads_wake,
	};
	server->remote.ops = &threads.ops;
	pthread_mutex_init(&threads.mutex, NULL);
	pthread_mutex_init(&threads.ring_mutex, NULL);
	pthread_cond_init(&threads.event, NULL);
	server_hello(server, 7, 64, 4, 2);
	ASSERT_EQ(0, pthread_create(&id[TASKS], NULL, receiver, NULL));
	ASSERT_EQ(0, carveout_remote_wait_session(&server->remote, CARVEOUT_RPMSG_FOREVER));
	for (i = 0; i < TASKS; i++)
		ASSERT_EQ(0, pthread_create(&id[i], NULL, task, tags[i]));
	for (i = 0; i < TASKS; i++)
		pthread_join(id[i], NULL);
	__atomic_store_n(&threads.stop, true, __ATOMIC_RELEASE);
	pthread_join(id[TASKS], NULL);
	ASSERT_EQ(0, threads.failed);
	ASSERT_EQ(0, server_refs(server));
	ASSERT_EQ(0, dropped(&server->remote));
	ASSERT_NE(0, threads.refused);
	printf("# %u of %u sends had no buffer\n", threads.refused,
	       threads.refused + 4 * TASKS * ROUNDS);
}
