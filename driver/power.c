// SPDX-License-Identifier: GPL-2.0
/*
 * Power management: hibernation.
 *
 * The image of a hibernation lacks no-map memory, because it is not in the kernel's linear
 * mapping. A buffer there would silently have another content after the resume, and free
 * memory there would not be zero. So a hibernation is refused while no-map memory is
 * allocated, and all of it is scrubbed after the resume.
 *
 * Processes are frozen some time after PM_HIBERNATION_PREPARE and thawed before
 * PM_POST_HIBERNATION, and drivers are never frozen. In the whole time between these two
 * no no-map memory is allocated: system calls wait, drivers get an error.
 *
 * All other memory is in the image. A suspend keeps all memory, and a kernel that is
 * started with kexec scrubs the regions when it makes its heaps.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/suspend.h>

#include "carveout_internal.h"
#include "heaps.h"
#include "mem/deferred.h"
#include "mem/nomap.h"
#include "power.h"

/* Close all no-map regions, unless some of their memory is in use. */
static int prepare_hibernation(void)
{
	struct carveout *carveout = NULL;
	int ret = 0;
	u64 used;

	carveout_nomap_close();
	while ((carveout = carveout_heap_next(carveout))) {
		/* Memory whose free is deferred counts as used until then. */
		carveout_drain(carveout);
		used = carveout_nomap_used(carveout);
		if (!used)
			continue;
		pr_err("%s: no hibernation: %llu KiB of no-map memory are in use, and their content would be lost; free them first\n",
		       carveout->name, DIV_ROUND_UP_ULL(used, 1024));
		ret = -EBUSY;
	}
	if (ret)
		carveout_nomap_open();
	return ret;
}

static int power_notify(struct notifier_block *block, unsigned long event, void *unused)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
		return notifier_from_errno(prepare_hibernation());
	case PM_POST_HIBERNATION:
		/* The module may have been loaded after the preparation. */
		if (carveout_nomap_closed())
			carveout_heaps_reopen_nomap();
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block power_block = {
	.notifier_call = power_notify,
};

/**
 * carveout_power_init() - Take part in hibernations
 *
 * Context: Process context. May sleep.
 * Return: 0 or a negative errno.
 */
int carveout_power_init(void)
{
	return register_pm_notifier(&power_block);
}

/**
 * carveout_power_exit() - Take no part in hibernations any longer
 *
 * Context: Process context. May sleep.
 */
void carveout_power_exit(void)
{
	unregister_pm_notifier(&power_block);
}
