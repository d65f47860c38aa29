// SPDX-License-Identifier: GPL-2.0
/*
 * carveout top: heaps, buffers, holders and pools, again and again
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exit.h"
#include "report.h"
#include "sample.h"
#include "screen.h"
#include "text.h"
#include "tool.h"
#include "top.h"

#define SECOND		1000000000ULL
#define DELAY_DEFAULT	2.0
#define DELAY_LEAST	0.1
#define DELAY_MOST	86400.0

/* Options and state of the command. */
struct top {
	const char *heap;
	bool json;
	double delay;
	unsigned long long rounds;
	struct top_style style;
	enum top_panel panel;
	size_t scroll;
	size_t page;
	struct sample sample;
};

static const struct {
	char key;
	const char *name;
} panels[TOP_PANELS] = {
	[TOP_BUFFERS] = { 'b', "buffers" },
	[TOP_HOLDERS] = { 'h', "holders" },
	[TOP_POOLS] = { 'p', "pools" },
};

/* === Samples ============================================================== */

static void next_sample(struct top *top)
{
	struct sample last = top->sample;

	sample_take(&top->sample, top->heap, &last);
	sample_drop(&last);
}

/* === On a terminal ======================================================== */

static const char *clock_text(const char *format)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32];

	if (!localtime_r(&now, &tm) || !strftime(text, sizeof(text), format, &tm))
		return "";
	return text_format("%s", text);
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static const char *skip_lines(const char *text, size_t count)
{
	for (; count && *text; count--)
		text += strcspn(text, "\n") + 1;
	return text;
}

static char *panel_text(const struct top *top)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		die("out of memory");
	top_panel(&top->sample, top->panel, &top->style, to);
	if (fclose(to))
		die("out of memory");
	return text;
}

/* The rows of the panel that fit, below its titles. */
static void add_panel(struct top *top, FILE *to, size_t room)
{
	char *text = panel_text(top);
	const char *rows = skip_lines(text, 1), *end;
	size_t count = count_lines(rows);

	room = room > 2 ? room - 1 : 1;
	top->page = room - 1;
	if (top->scroll + room > count)
		top->scroll = count > room ? count - room : 0;
	fprintf(to, "%.*s", (int)(rows - text), text);
	rows = skip_lines(rows, top->scroll);
	count -= top->scroll;
	end = skip_lines(rows, count > room ? room - 1 : room);
	fprintf(to, "%.*s", (int)(end - rows), rows);
	if (count > room)
		fprintf(to, "and %zu more", count - room + 1);
	free(text);
}

static void draw(struct top *top)
{
	unsigned int rows, columns;
	char *text = NULL;
	size_t size, used;
	FILE *to;

	screen_size(&rows, &columns);
	top->style.columns = columns;
	to = open_memstream(&text, &size);
	if (!to)
		die("out of memory");
	fprintf(to, "carveout top  %s  every %gs  %s  (b h p: panel, q: quit)\n\n",
		clock_text("%H:%M:%S"), top->delay, panels[top->panel].name);
	top_heaps(&top->sample, &top->style, to);
	fputc('\n', to);
	fflush(to);
	used = count_lines(text);
	add_panel(top, to, rows > used ? rows - used : 0);
	if (fclose(to))
		die("out of memory");
	screen_draw(text);
	free(text);
}

static void scroll(struct top *top, int event)
{
	switch (event) {
	case SCREEN_UP:
	case 'k':
		top->scroll -= top->scroll > 0;
		break;
	case SCREEN_DOWN:
	case 'j':
		top->scroll++;
		break;
	case SCREEN_PAGE_UP:
		top->scroll -= top->scroll > top->page ? top->page : top->scroll;
		break;
	case SCREEN_PAGE_DOWN:
		top->scroll += top->page;
		break;
	case SCREEN_HOME:
		top->scroll = 0;
		break;
	}
}

static void choose_panel(struct top *top, int key)
{
	enum top_panel panel = key == '\t' ? (top->panel + 1) % TOP_PANELS : TOP_BUFFERS;

	while (key != '\t' && panel < TOP_PANELS && panels[panel].key != key)
		panel++;
	if (panel == TOP_PANELS || panel == top->panel)
		return;
	top->panel = panel;
	top->scroll = 0;
}

static int show_screen(struct top *top)
{
	uint64_t deadline = top->sample.time;
	int event = SCREEN_TIME;

	/* Other characters may be wide or combine: a line would be longer than it seems. */
	if (setenv("LC_ALL", "C", 1))
		die("out of memory");
	screen_begin();
	while (event != SCREEN_QUIT && event != 'q' && event != 'Q') {
		if (event == SCREEN_TIME || event == ' ') {
			if (deadline != top->sample.time || event == ' ')
				next_sample(top);
			deadline = top->sample.time + top->delay * SECOND;
		}
		draw(top);
		if (flush_output())
			break;
		event = screen_wait(deadline);
		scroll(top, event);
		choose_panel(top, event);
	}
	screen_end();
	return DONE;
}

/* === As plain text and as JSON ============================================ */

static void print_sample(struct top *top)
{
	enum top_panel panel;
	char *text;

	printf("carveout top  %s\n\n", clock_text("%Y-%m-%d %H:%M:%S"));
	top_heaps(&top->sample, &top->style, stdout);
	for (panel = 0; panel < TOP_PANELS; panel++) {
		top->panel = panel;
		text = panel_text(top);
		/* Without rows there are the titles alone. */
		if (count_lines(text) > 1)
			printf("\n%s", text);
		free(text);
	}
}

static int show_samples(struct top *top)
{
	uint64_t deadline = top->sample.time;
	unsigned long long round;
	bool failed = false;

	for (round = 1; ; round++) {
		failed |= sample_complain(&top->sample);
		if (top->json)
			top_json(&top->sample);
		else
			print_sample(top);
		if (flush_output() || round == top->rounds)
			break;
		deadline += top->delay * SECOND;
		if (screen_wait(deadline) == SCREEN_QUIT)
			break;
		if (!top->json)
			putchar('\n');
		next_sample(top);
	}
	return failed ? FAILED : DONE;
}

static double delay_argument(const char *text)
{
	double delay;
	char *end;

	delay = strtod(text, &end);
	if (*text < '0' || *text > '9' || *end || !(delay >= DELAY_LEAST) || delay > DELAY_MOST)
		misuse("delay '%s' is not a number of seconds from %g to %g", text, DELAY_LEAST,
		       DELAY_MOST);
	return delay;
}

static void parse_option(struct top *top, int option)
{
	switch (option) {
	case 'd':
		top->delay = delay_argument(optarg);
		break;
	case 'n':
		top->rounds = number_argument("number", optarg, 1, UINT32_MAX);
		break;
	case '1':
		top->rounds = 1;
		break;
	case 'b':
		top->style.bytes = true;
		break;
	case 'j':
		top->json = true;
		break;
	}
}

static int run_top(int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "number", required_argument, NULL, 'n' },
		{ "once", no_argument, NULL, '1' },
		{ "bytes", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		OPTION_HELP,
		{ 0 }
	};
	struct top top = { .delay = DELAY_DEFAULT };
	int option, result;

	while ((option = next_option(argc, argv, "d:n:1bjh", options)) >= 0)
		parse_option(&top, option);
	check_operands(argc, 0, 1);
	top.heap = argv[optind];
	next_sample(&top);
	screen_signals();
	if (!sample_readable(&top.sample))
		result = sample_complain(&top.sample) ? FAILED : DONE;
	else if (screen_usable() && !top.rounds && !top.json)
		result = show_screen(&top);
	else
		result = show_samples(&top);
	sample_drop(&top.sample);
	return result;
}

const struct command command_top = {
	.name = "top",
	.arguments = "[HEAP] [-d SECONDS] [-n NUMBER | --once] [-b] [--json]",
	.summary = "watch heaps, buffers, holders and pools",
	.help =
	"Show the use of HEAP, its buffers with their holders, and its pools, until 'q'\n"
	"or a signal. Without HEAP: all heaps.\n"
	"\n"
	"  -d, --delay SECONDS   time between two samples (default: 2)\n"
	"  -n, --number NUMBER   print that many samples as plain text\n"
	"  -1, --once            print one sample\n"
	"  -b, --bytes           sizes in bytes\n"
	"  -j, --json            JSON: an object for each sample\n"
	"  -h, --help            this text\n"
	"\n"
	"Keys: b buffers, h holders, p pools, Tab the next of these; arrows, Page Up and\n"
	"Page Down scroll; Space takes a sample at once; q quits. If the output is no\n"
	"terminal, samples are printed one after the other.\n"
	"\n"
	"HIGH is the most memory ever used, HOLE the largest hole, RATE/S the change of\n"
	"the used memory per second. HOLDERS are processes with an open or mapped\n"
	"descriptor, 'tag' for a persistent tag, and the number of other references: of\n"
	"drivers, and of processes that only CAP_SYS_PTRACE shows.\n",
	.run = run_top,
};
