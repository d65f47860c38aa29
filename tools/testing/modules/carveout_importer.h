/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interface of carveout_importer.ko, between that module and the tests that load it. An open
 * file of the device has one buffer mapped for the device, and one fence, at most.
 */
#ifndef CARVEOUT_IMPORTER_H
#define CARVEOUT_IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct importer_byte - A byte that the device accesses
 * @offset: offset in the mapped buffer
 * @byte: in for a store, out for a load
 */
struct importer_byte {
	__u64 offset;
	__u64 byte;
};

#define IMPORTER_DEVICE	"/dev/carveout-importer"

/*
 * The argument is a dma-buf descriptor, which is mapped until the file is closed, in both
 * directions. EOPNOTSUPP if the kernel does not bounce all mappings.
 */
#define IMPORTER_MAP	_IO('I', 0)
#define IMPORTER_STORE	_IOW('I', 1, struct importer_byte)
#define IMPORTER_LOAD	_IOWR('I', 2, struct importer_byte)

/* The argument is a dma-buf descriptor: add a fence. It signals when the file is closed. */
#define IMPORTER_FENCE	_IO('I', 3)
/* Returns the reference count of the first page of that buffer; 0 if it has no pages. */
#define IMPORTER_COUNT	_IO('I', 4)
/* Signal the fence now. */
#define IMPORTER_SIGNAL	_IO('I', 5)

#endif /* CARVEOUT_IMPORTER_H */
