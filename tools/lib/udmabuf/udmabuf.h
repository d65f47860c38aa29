/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Internal interfaces of the u-dma-buf shim.
 *
 * The library keeps no table of descriptors: the kernel has their state, for as long as the
 * open file exists and in each process that has it. A node is a dma-buf, and its name
 * (DMA_BUF_SET_NAME) is the state. An attribute is a memfd, and its name says which one.
 * Functions return a negative errno, except those that replace functions of the C library.
 */
#ifndef UDMABUF_H
#define UDMABUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <libcarveout.h>

/** define UDMABUF_VERSION - Version of u-dma-buf with the same interface */
#define UDMABUF_VERSION		"5.5.0"

/** define UDMABUF_TEXT - Size of the text of an attribute or of a command */
#define UDMABUF_TEXT		1024

/** define UDMABUF_LINK - Prefix of the names of dma-bufs and memfds of this library */
#define UDMABUF_LINK		"u-dma-buf:"

/** define UDMABUF_LINK_MAX - Size of the name of a descriptor */
#define UDMABUF_LINK_MAX	512

/* === next.c === */

/** define next_of - The definition of a function after the one in this library */
#define next_of(function) \
({ \
	static typeof(function) *next; \
\
	(typeof(function) *)udmabuf_next((void **)&next, #function); \
})

/**
 * udmabuf_next() - Look a function up behind this library; see next_of()
 * @next: the function, once it was looked up
 * @name: its name
 *
 * Return: the function; NULL if no library has it.
 */
void *udmabuf_next(void **next, const char *name);

/* === number.c === */

/**
 * udmabuf_parse() - Read a number
 * @text: decimal, octal or hexadecimal digits, nothing else
 * @value: returns the number
 *
 * Return: 0, -EINVAL, or -ERANGE if it does not fit.
 */
int udmabuf_parse(const char *text, uint64_t *value);

/* === node.c: nodes, their buffers and heap === */

/**
 * struct udmabuf_node - A buffer, for the time of one call
 * @heap: its heap, open for writing if the caller is allowed to
 * @fd: its dma-buf
 * @own: @fd is closed with the node
 * @info: its description
 */
struct udmabuf_node {
	struct carveout_heap *heap;
	int fd;
	bool own;
	struct carveout_buffer_info info;
};

/**
 * udmabuf_heap() - Open the heap of the nodes
 * @heap: returns the heap, open for writing if the caller is allowed to
 *
 * It is the one that CARVEOUT_HEAP names, or else the only one.
 *
 * Return: 0 or a negative errno: -ENOENT without a heap, -ENXIO if there are several.
 */
int udmabuf_heap(struct carveout_heap **heap);

/**
 * udmabuf_node_get() - Open a node by its name
 * @node: returns the node
 * @name: its name, the tag of the buffer
 * @flags: O_RDONLY or O_RDWR, and O_CLOEXEC
 *
 * Return: 0 or a negative errno, -ENOENT if the tag does not exist.
 */
int udmabuf_node_get(struct udmabuf_node *node, const char *name, int flags);

/**
 * udmabuf_node_of() - Describe the node of a descriptor
 * @node: returns the node
 * @fd: the descriptor
 *
 * Return: 0 or a negative errno, -EINVAL if it is no buffer of the heap.
 */
int udmabuf_node_of(struct udmabuf_node *node, int fd);

/**
 * udmabuf_node_put() - Close a node
 * @node: the node
 */
void udmabuf_node_put(struct udmabuf_node *node);

/**
 * udmabuf_heap_is_coherent() - Do devices snoop the caches?
 * @heap: the heap
 *
 * Return: true if they do, false also if that is not known.
 */
bool udmabuf_heap_is_coherent(const struct carveout_heap *heap);

/**
 * udmabuf_is_coherent() - Do devices see the data of the CPU without cache maintenance?
 * @node: the node
 *
 * Return: true if they do, because they snoop the caches or the memory is not cached.
 */
bool udmabuf_is_coherent(const struct udmabuf_node *node);

/**
 * udmabuf_quirk_mode() - How the memory is mapped, as u-dma-buf counts it
 * @node: the node
 *
 * Return: 4 for cached pages that I/O may use, 2 for cached memory, 1 for other memory.
 */
unsigned int udmabuf_quirk_mode(const struct udmabuf_node *node);

/* === settings.c: the values of the attributes of a node === */

/**
 * struct udmabuf_settings - Settings of a node, in a buffer of their own
 * @generation: generation of the node's buffer; the settings of another one are void
 * @mode: sync_mode
 * @offset: sync_offset, in bytes
 * @size: sync_size, in bytes
 * @direction: sync_direction
 * @owner: sync_owner
 *
 * Processes share them without a lock, as they share those of u-dma-buf.
 */
struct udmabuf_settings {
	uint64_t generation;
	uint64_t mode;
	uint64_t offset;
	uint64_t size;
	uint64_t direction;
	uint64_t owner;
};

/**
 * udmabuf_settings_tag() - Tag of the buffer with the settings of a node
 * @name: name of the node
 * @tag: returns the tag
 *
 * Return: 0, or -ENAMETOOLONG.
 */
int udmabuf_settings_tag(const char *name, char tag[CARVEOUT_NAME_LEN]);

/**
 * udmabuf_settings_read() - Read the settings of a node
 * @node: the node
 * @settings: returns the settings; the defaults if nothing has changed them
 *
 * Return: 0 or a negative errno.
 */
int udmabuf_settings_read(const struct udmabuf_node *node, struct udmabuf_settings *settings);

/**
 * udmabuf_settings_map() - Map the settings of a node, to change them
 * @node: the node
 * @settings: returns the settings, to be unmapped with udmabuf_settings_unmap()
 *
 * Return: 0 or a negative errno, -ENODEV if the node was deleted.
 */
int udmabuf_settings_map(const struct udmabuf_node *node,
			 struct udmabuf_settings **settings);

/**
 * udmabuf_settings_unmap() - Undo udmabuf_settings_map()
 * @settings: the settings
 */
void udmabuf_settings_unmap(struct udmabuf_settings *settings);

/* === sync.c: cache maintenance === */

/**
 * udmabuf_check_mode() - Can the memory be mapped as a mode says?
 * @node: the node
 * @mode: sync_mode
 * @o_sync: the node is open with O_SYNC
 *
 * Return: 0, or -EOPNOTSUPP if the mapping would have to be uncached and is not.
 */
int udmabuf_check_mode(const struct udmabuf_node *node, uint64_t mode, bool o_sync);

/**
 * udmabuf_check_part() - Is the part of the settings inside the buffer?
 * @node: the node
 * @settings: the settings
 *
 * Return: 0 or -EINVAL.
 */
int udmabuf_check_part(const struct udmabuf_node *node,
		       const struct udmabuf_settings *settings);

/**
 * udmabuf_sync() - Give a part of a buffer to the CPU or to a device
 * @node: the node
 * @to: CARVEOUT_SYNC_FOR_CPU or CARVEOUT_SYNC_FOR_DEVICE
 * @command: 0 for nothing, 1 for the part of the settings; otherwise the part itself:
 *	the offset in the upper 32 bits, the size in the lower ones without the last 4,
 *	the direction in the bits 2 and 3
 *
 * Return: 0 or a negative errno, -EINVAL if the part is not inside the buffer.
 */
int udmabuf_sync(const struct udmabuf_node *node, uint32_t to, uint64_t command);

/* === file.c: descriptors === */

/**
 * struct udmabuf_file - Contents of the name of a descriptor
 * @attr: it is an attribute: its name; NULL for a node
 * @node: name of the node of the attribute
 * @access: of a node: O_RDONLY, O_WRONLY or O_RDWR
 * @sync: of a node: it is open with O_SYNC
 * @position: of a node: offset of the next read() or write()
 */
struct udmabuf_file {
	const char *attr;
	char node[UDMABUF_LINK_MAX];
	int access;
	bool sync;
	uint64_t position;
};

/**
 * udmabuf_file() - Is a descriptor one of this library?
 * @fd: the descriptor
 * @file: returns its state
 *
 * Return: true if it is. errno is unchanged.
 */
bool udmabuf_file(int fd, struct udmabuf_file *file);

/**
 * udmabuf_used() - May this process have a descriptor of this library?
 *
 * Return: false if it never had one.
 */
bool udmabuf_used(void);

/**
 * udmabuf_set_used() - From now on, this process may have a descriptor of this library
 */
void udmabuf_set_used(void);

/**
 * udmabuf_node_save() - Store the state of a node in its descriptor
 * @fd: the dma-buf
 * @file: the state
 *
 * Return: 0 or a negative errno.
 */
int udmabuf_node_save(int fd, const struct udmabuf_file *file);

/**
 * udmabuf_close() - Close a descriptor of this library's own use
 * @fd: the descriptor
 */
void udmabuf_close(int fd);

/**
 * udmabuf_each_file() - Call a function for each descriptor of this library
 * @call: the function
 */
void udmabuf_each_file(void (*call)(int fd));

/* === transfer.c: read(), write() and lseek() of a node === */

/**
 * udmabuf_transfer() - Copy data from or to a node
 * @fd: the dma-buf
 * @file: its state
 * @data: the caller's memory
 * @size: bytes
 * @position: offset in the buffer
 * @write: copy to the buffer
 *
 * Return: number of bytes, less than @size at the end of the buffer; or a negative errno.
 */
ssize_t udmabuf_transfer(int fd, const struct udmabuf_file *file, void *data, size_t size,
			 uint64_t position, bool write);

/**
 * udmabuf_transfer_next() - Copy data from or to a node, at its position
 * @fd: the dma-buf
 * @file: its state
 * @data: the caller's memory
 * @size: bytes
 * @write: copy to the buffer
 *
 * Return: as udmabuf_transfer(). The position is behind the data.
 */
ssize_t udmabuf_transfer_next(int fd, struct udmabuf_file *file, void *data, size_t size,
			      bool write);

/**
 * udmabuf_seek() - Change the position of a node
 * @fd: the dma-buf
 * @file: its state
 * @offset: bytes
 * @whence: SEEK_SET, SEEK_CUR or SEEK_END
 *
 * Return: the position, or -EINVAL if it would be outside the buffer.
 */
int64_t udmabuf_seek(int fd, struct udmabuf_file *file, int64_t offset, int whence);

/* === attr.c: attributes === */

/**
 * udmabuf_attr_open() - Open an attribute of a node
 * @node: name of the node
 * @attr: name of the attribute
 * @flags: of open()
 *
 * Return: a descriptor or a negative errno.
 */
int udmabuf_attr_open(const char *node, const char *attr, int flags);

/**
 * udmabuf_attr_refresh() - Replace the text of an attribute by the current value
 * @fd: its descriptor
 * @file: its name
 *
 * Return: 0 or a negative errno.
 */
int udmabuf_attr_refresh(int fd, const struct udmabuf_file *file);

/**
 * udmabuf_attr_store() - Write to an attribute
 * @file: which one
 * @text: the value
 * @size: bytes
 *
 * Return: 0 or a negative errno.
 */
int udmabuf_attr_store(const struct udmabuf_file *file, const char *text, size_t size);

/**
 * udmabuf_commit() - Store the text that reached an attribute past write()
 * @fd: any descriptor
 *
 * The streams of the C library write to the kernel themselves: to the memfd.
 *
 * Return: 0 or a negative errno; 0 if there is nothing to store.
 */
int udmabuf_commit(int fd);

/* === manager.c === */

/** define UDMABUF_MANAGER - Name of the manager, which is an attribute without a node */
#define UDMABUF_MANAGER		"u-dma-buf-mgr"

/**
 * udmabuf_manage() - Execute commands of the manager
 * @text: the commands, ended by a newline, a semicolon or the end
 *
 * Return: 0 or a negative errno; the commands before the failed one are done.
 */
int udmabuf_manage(char *text);

/* === preload.c === */

/* The C library has these for programs that are built with _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
void __chk_fail(void);

/* === open.c === */

/**
 * udmabuf_open() - Open a path if it is one of u-dma-buf
 * @path: the path
 * @flags: of open()
 * @fd: returns the descriptor, or -1 with errno
 *
 * Return: false if the C library has to open it; then errno is unchanged.
 */
bool udmabuf_open(const char *path, int flags, int *fd);

/* === ioctl.c === */

/**
 * udmabuf_ioctl() - Execute an ioctl of u-dma-buf
 * @fd: descriptor of a node
 * @file: its state
 * @command: command number
 * @argument: its argument
 *
 * Return: 0 or a negative errno, -ENOTTY for an unknown command.
 */
int udmabuf_ioctl(int fd, const struct udmabuf_file *file, unsigned int command,
		  void *argument);

#endif /* UDMABUF_H */
