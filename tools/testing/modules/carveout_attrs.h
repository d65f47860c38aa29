/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interface of carveout_attrs.ko, between that module and the tests that load it.
 */
#ifndef CARVEOUT_ATTRS_H
#define CARVEOUT_ATTRS_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * enum memory_kind - How the page tables map an address
 * @KIND_UNKNOWN: this architecture has no decoder here
 * @KIND_WRITE_BACK: Normal memory, cached
 * @KIND_NO_CACHE: Normal memory, not cached; write-combining on x86
 * @KIND_STRICT: x86: uncached, each access by itself
 * @KIND_DEVICE: arm64: Device memory
 * @KIND_NOT_MAPPED: not mapped
 * @KIND_OTHER: something else
 */
enum memory_kind {
	KIND_UNKNOWN,
	KIND_WRITE_BACK,
	KIND_NO_CACHE,
	KIND_STRICT,
	KIND_DEVICE,
	KIND_NOT_MAPPED,
	KIND_OTHER,
};

/**
 * struct attrs_look - A buffer through the mappings of the kernel and of the caller
 * @fd: in: dma-buf descriptor of a buffer, open for writing
 * @poke: in: 1 to write @word instead of reading it
 * @address: in: an address of the caller
 * @offset: in: offset of the word in the buffer, a multiple of 8
 * @word: in or out: the word, through the kernel's own mapping
 * @user: out: memory_kind of @address
 * @kernel: out: memory_kind of the kernel's own mapping
 */
struct attrs_look {
	__s32 fd;
	__u32 poke;
	__u64 address;
	__u64 offset;
	__u64 word;
	__u32 user;
	__u32 kernel;
};

#define ATTRS_DEVICE	"/dev/carveout-attrs"
#define ATTRS_LOOK	_IOWR('A', 0, struct attrs_look)

/*
 * The argument is a dma-buf descriptor, or -1 for none. mmap() of this open file maps that
 * dma-buf, with the page protection of an importer whose own memory is write-combined.
 */
#define ATTRS_IMPORT	_IO('A', 1)

#endif /* CARVEOUT_ATTRS_H */
