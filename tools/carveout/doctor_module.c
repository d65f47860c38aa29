// SPDX-License-Identifier: GPL-2.0
/*
 * carveout doctor: the module of a board.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "exit.h"
#include "text.h"

#define SIGNATURE	"~Module signature appended~\n"
#define VERMAGIC	"vermagic="

/* A file of a module in memory. */
struct image {
	const char *data;
	size_t size;
};

static bool load(struct image *image, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *data = MAP_FAILED;

	if (fd < 0)
		return false;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size > 0)
		data = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return false;
	image->data = data;
	image->size = status.st_size;
	return true;
}

static void unload(const struct image *image)
{
	munmap((void *)image->data, image->size);
}

/* The kernel that a module was built for; see TEXT_SLOTS. NULL if it is compressed. */
static const char *release_of(const struct image *image)
{
	const char *found, *word;
	size_t left, length;

	if (image->size < 4 || memcmp(image->data, "\177ELF", 4))
		return NULL;
	found = memmem(image->data, image->size, VERMAGIC, strlen(VERMAGIC));
	if (!found)
		return "?";
	word = found + strlen(VERMAGIC);
	left = image->size - (word - image->data);
	for (length = 0; length < left && length < 128 && word[length] > ' '; length++)
		;
	return text_format("%.*s", (int)length, word);
}

static bool is_signed(const struct image *image)
{
	size_t length = strlen(SIGNATURE);

	return image->size >= length &&
	       !memcmp(image->data + image->size - length, SIGNATURE, length);
}

/* nftw() has no context. */
static char *found_file;

static int look_at(const char *path, const struct stat *status, int type, struct FTW *place)
{
	const char *name = path + place->base;

	(void)status;
	if (type != FTW_F || strncmp(name, "carveout.ko", 11) ||
	    (name[11] && name[11] != '.'))
		return 0;
	found_file = strdup(path);
	return 1;
}

/* Look for the module of one kernel, or of any. Returns its path, to be freed, or NULL. */
static char *find_module(const struct board *board, const char *release)
{
	found_file = NULL;
	nftw(text_format("%s/lib/modules/%s", board->root, release), look_at, 16, FTW_PHYS);
	return found_file;
}

static char *lines_build(const char *release)
{
	char *lines;

	if (asprintf(&lines, "make KDIR=/lib/modules/%s/build\n"
		     "make modules_install KDIR=/lib/modules/%s/build\n", release, release) < 0)
		die("out of memory");
	return lines;
}

static char *lines_load(void)
{
	char *lines = strdup("depmod\nmodprobe carveout\n");

	if (!lines)
		die("out of memory");
	return lines;
}

/* Reason why this kernel loads signed modules only, or NULL. */
static const char *enforced(const struct board *board)
{
	char line[256];

	if (board_line(board, "/sys/kernel/security/lockdown", line, sizeof(line)) &&
	    strchr(line, '[') && !strstr(line, "[none]"))
		return text_format("lockdown: %s", text_safe(line, sizeof(line)));
	if (board_line(board, "/sys/module/module/parameters/sig_enforce", line, sizeof(line)) &&
	    line[0] == 'Y')
		return "module.sig_enforce is set";
	return NULL;
}

/* Report a reason why the kernel refuses the file. Returns true if there is one. */
static bool check_file(struct doctor *doctor, const struct board *board, const char *path,
		       const char *release)
{
	const char *other, *why = enforced(board);
	struct image image;
	bool refused = true;

	if (!load(&image, path))
		return false;
	other = release_of(&image);
	if (other && strcmp(other, release)) {
		doctor_find(doctor, FAULT_MODULE_OTHER_KERNEL,
			    "%s is for '%s', this kernel is '%s'", text_safe(path, SIZE_MAX),
			    text_safe(other, SIZE_MAX), release);
		doctor_write(doctor, lines_build(release));
	} else if (other && why && !is_signed(&image)) {
		doctor_find(doctor, FAULT_MODULE_UNSIGNED, "%s; %s",
			    text_safe(path, SIZE_MAX), why);
	} else {
		refused = false;
	}
	unload(&image);
	return refused;
}

static void check_absent(struct doctor *doctor, const struct board *board, const char *release)
{
	char *other = find_module(board, "");

	if (other)
		doctor_find(doctor, FAULT_MODULE_OTHER_KERNEL, "%s, this kernel is '%s'",
			    text_safe(other, SIZE_MAX), release);
	else
		doctor_find(doctor, FAULT_MODULE_ABSENT, "this kernel is '%s'", release);
	doctor_write(doctor, lines_build(release));
	free(other);
}

static void check_unloaded(struct doctor *doctor, const struct board *board)
{
	char release[128] = "";
	char *path;

	board_line(board, "/proc/sys/kernel/osrelease", release, sizeof(release));
	path = board->module ? strdup(board->module) : find_module(board, release);
	if (!path) {
		check_absent(doctor, board, text_safe(release, sizeof(release)));
	} else if (!check_file(doctor, board, path, text_safe(release, sizeof(release)))) {
		doctor_find(doctor, FAULT_MODULE_NOT_LOADED, "%s",
			    text_safe(path, SIZE_MAX));
		doctor_write(doctor, lines_load());
	}
	free(path);
}

void doctor_module(struct doctor *doctor, const struct board *board)
{
	char version[64];

	doctor_item(doctor, "module carveout");
	if (access(text_format("%s/sys/module/carveout", board->root), F_OK))
		check_unloaded(doctor, board);
	else if (board_line(board, "/sys/module/carveout/version", version, sizeof(version)))
		doctor_facts(doctor, "loaded, version %s", text_safe(version, sizeof(version)));
	else
		doctor_facts(doctor, "loaded");
}
