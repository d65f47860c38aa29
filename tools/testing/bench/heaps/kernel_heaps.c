// SPDX-License-Identifier: GPL-2.0
/*
 * The dma-buf heap "system", compiled from the kernel's source: Debian's kernels for arm64
 * are built without it.
 */

#include <linux/device/class.h>
#include <linux/init.h>
#include <linux/module.h>

/* Each of the files has an initcall, but a module has one. */
#undef subsys_initcall
#undef module_init
#define subsys_initcall(...)
#define module_init(...)

/* For a kernel without them, carveout.ko has a class with the name of theirs. */
#define class_create(...)	class_create("kernel_heaps")

#include "dma-heap.c"
#include "system_heap.c"

int __init init_module(void)
{
	return dma_heap_init() ?: system_heap_create();
}

MODULE_DESCRIPTION("The kernel's dma-buf heap of system memory");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("DMA_BUF");
