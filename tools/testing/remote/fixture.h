/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the tests: a client whose session is up, with 4 credits, 3 waits and a field of 64
 * bytes for a tag. At the end of each test nothing is left in use, and the client has kept the
 * rules of a port.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdlib.h>

#include "kselftest_harness.h"
#include "server.h"

FIXTURE(remote)
{
	struct server server;
};

FIXTURE_SETUP(remote)
{
	server_init(&self->server);
	server_up(&self->server, SERVER_SESSION, 64, 4, 3);
}

FIXTURE_TEARDOWN(remote)
{
	struct server *server = &self->server;
	unsigned int rounds = 100;

	while ((carveout_remote_process(&server->remote) || server->served < server->nr_sent) &&
	       --rounds)
		server_serve(server);
	ASSERT_NE(0, rounds);
	ASSERT_EQ(0, server_refs(server));
	ASSERT_EQ(0, server->errors);
	ASSERT_FALSE(server->locked);
}

/* Calls of a callback. Tests have them in static memory: the teardown can end requests, too. */
struct record {
	unsigned int calls;
	struct carveout_remote_result result;
};

static inline void record(void *ctx, const struct carveout_remote_result *result)
{
	struct record *record = ctx;

	record->calls++;
	record->result = *result;
}

static const struct carveout_remote_request query = { .op = CARVEOUT_RPMSG_QUERY };
static const struct carveout_remote_request wait_for_tag = {
	.op = CARVEOUT_RPMSG_OPEN, .arg = CARVEOUT_RPMSG_FOREVER, .tag = "tag",
};

/* Submit a request that has to be accepted. Return its ticket. */
static inline uint32_t submit(struct server *server,
			      const struct carveout_remote_request *request,
			      struct record *got)
{
	uint32_t ticket = 0;

	if (carveout_remote_submit(&server->remote, request, record, got, &ticket))
		abort();
	return ticket;
}

/* Number of messages that the client has dropped, for any reason. */
static inline uint32_t dropped(const struct carveout_remote *remote)
{
	uint32_t sum = 0;
	int i;

	for (i = 0; i < CARVEOUT_REMOTE_DROPS; i++)
		sum += remote->dropped[i];
	return sum;
}

#endif /* FIXTURE_H */
