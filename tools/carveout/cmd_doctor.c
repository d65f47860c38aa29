// SPDX-License-Identifier: GPL-2.0
/*
 * carveout doctor: find out why a heap does not work
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libcarveout.h>

#include "doctor.h"
#include "exit.h"
#include "report.h"
#include "text.h"
#include "tool.h"

#define FDT	"/sys/firmware/fdt"

enum output { TEXT, LINES, JSON };

/* Options of the command. */
struct request {
	struct board board;
	const char *file;
	enum output output;
	struct doctor doctor;
};

/* BASE+SIZE */
static void add_ram(struct doctor *doctor, char *text)
{
	char *plus = strchr(text, '+');
	uint64_t base;
	uint64_t size;

	if (!plus)
		misuse("RAM '%s' is not BASE+SIZE", text);
	*plus = '\0';
	base = size_argument("base", text);
	size = size_argument("size", plus + 1);
	if (!size)
		misuse("RAM of no size");
	doctor_add_area(&doctor->ram, base, size, "RAM");
}

static uint64_t page_argument(const char *text)
{
	uint64_t page = size_argument("page size", text);

	if (page < 4096 || page > 65536 || (page & (page - 1)))
		misuse("'%s' is no page size: use 4K, 16K or 64K", text);
	return page;
}

static void take_option(struct request *request, int option)
{
	switch (option) {
	case 'j':
		request->output = JSON;
		break;
	case 'l':
		request->output = LINES;
		break;
	case 'm':
		request->board.module = optarg;
		break;
	case 'p':
		request->doctor.page = page_argument(optarg);
		break;
	case 'r':
		add_ram(&request->doctor, optarg);
		break;
	case 'R':
		request->board.root = optarg;
		break;
	}
}

static void parse(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "lines", no_argument, NULL, 'l' },
		{ "module", required_argument, NULL, 'm' },
		{ "page", required_argument, NULL, 'p' },
		{ "ram", required_argument, NULL, 'r' },
		{ "root", required_argument, NULL, 'R' },
		OPTION_HELP,
		{ 0 }
	};
	int option;

	request->board.root = "";
	while ((option = next_option(argc, argv, "jlm:p:r:h", options)) >= 0)
		take_option(request, option);
	check_operands(argc, 0, 1);
	request->file = argv[optind];
	if (request->file && (*request->board.root || request->board.module))
		misuse("a FILE has neither --root nor --module");
}

static int examine_file(struct request *request)
{
	if (!request->doctor.page)
		request->doctor.page = 4096;
	return doctor_tree(&request->doctor, request->file);
}

/* A board without a device tree has heaps of module parameters and drivers. */
static int examine_tree(struct doctor *doctor, const struct board *board)
{
	char path[4096];
	int err;

	snprintf(path, sizeof(path), "%s" FDT, board->root);
	err = access(path, R_OK) ? errno : 0;
	if (!err && doctor_reads_trees())
		return doctor_tree(doctor, path);
	doctor_item(doctor, "device tree");
	if (!err)
		doctor_find(doctor, FAULT_NO_LIBFDT, "%s", text_safe(path, SIZE_MAX));
	else if (err == ENOENT)
		doctor_facts(doctor, "none");
	else
		doctor_find(doctor, FAULT_TREE_UNREADABLE, "%s: %s",
			    text_safe(path, SIZE_MAX), strerror(err));
	return 0;
}

static bool has_heaps(void)
{
	char **names;
	size_t count;

	if (carveout_heap_names(&names, &count))
		return false;
	carveout_heap_names_free(names, count);
	return count;
}

static int examine_board(struct request *request)
{
	const struct board *board = &request->board;
	struct doctor *doctor = &request->doctor;
	bool running = !*board->root;
	int err;

	if (board->module && access(board->module, R_OK)) {
		err = -errno;
		complain(board->module, err, "open");
		return err;
	}
	if (!doctor->page)
		doctor->page = running ? sysconf(_SC_PAGESIZE) : 4096;
	doctor->has_heaps = running && has_heaps();
	doctor_module(doctor, board);
	doctor_memory(doctor, board);
	err = examine_tree(doctor, board);
	if (err)
		return err;
	doctor_devices(doctor, board);
	if (running)
		doctor_heaps(doctor);
	return 0;
}

static void print(const struct request *request)
{
	switch (request->output) {
	case TEXT:
		doctor_print(&request->doctor);
		break;
	case LINES:
		doctor_print_lines(&request->doctor);
		break;
	case JSON:
		doctor_print_json(&request->doctor);
		break;
	}
}

static int run_doctor(int argc, char **argv)
{
	struct request request = { 0 };
	int result = DONE;

	parse(&request, argc, argv);
	if (request.file ? examine_file(&request) : examine_board(&request)) {
		result = FAILED;
	} else {
		print(&request);
		if (doctor_wrong(&request.doctor))
			result = FAULTY;
	}
	doctor_free(&request.doctor);
	return result;
}

const struct command command_doctor = {
	.name = "doctor",
	.arguments = "[FILE] [OPTIONS]",
	.summary = "find out why a heap does not work",
	.help =
	"Examine the heaps of this board, or those of a device tree FILE (.dtb). Each\n"
	"heap and region is right or wrong; for each fault the output has the reason and\n"
	"the lines that correct it. Those for the device tree belong at the end of its\n"
	"source (.dts).\n"
	"\n"
	"  -j, --json           JSON\n"
	"  -l, --lines          the lines for the device tree only\n"
	"  -m, --module FILE    the module, instead of the one in /lib/modules\n"
	"  -p, --page SIZE      page size of the kernel; for a FILE the default is 4K\n"
	"  -r, --ram BASE+SIZE  RAM, if the device tree does not have it; may be repeated\n"
	"      --root DIR       examine the files of a board below DIR\n"
	"  -h, --help           this text\n"
	"\n"
	"The exit code is 0 if nothing is wrong, 3 if there is a fault, and 1 if the\n"
	"device tree cannot be read.\n",
	.run = run_doctor,
};
