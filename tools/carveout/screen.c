// SPDX-License-Identifier: GPL-2.0
/*
 * A screen that is updated in place, on any terminal since the VT100, and waiting for keys
 * and signals.
 *
 * The escape sequences are those that address the cursor, erase to the end of the line and
 * erase to the end of the screen. There is no second screen buffer: the last picture stays.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "exit.h"
#include "screen.h"
#include "text.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define SECOND		1000000000ULL
#define ROWS_DEFAULT	24
#define COLUMNS_DEFAULT	80
#define ROWS_LEAST	8
#define COLUMNS_LEAST	40
#define SIZE_MOST	1000

static struct {
	bool active;
	bool keys;
	struct termios saved;
	unsigned int rows;
	unsigned int columns;
	char **lines;
} screen;

static atomic_int quit, resized, suspended;
/* Blocked signals during a wait. */
static sigset_t unblocked;

/* === Signals ============================================================== */

static void handle(int number)
{
	if (number == SIGWINCH)
		resized = 1;
	else if (number == SIGTSTP)
		suspended = 1;
	else
		quit = 1;
}

static void catch(const int *numbers, size_t count)
{
	struct sigaction action = { .sa_handler = handle }, before;
	sigset_t blocked, old;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < count; i++) {
		/* A shell without job control starts background jobs that ignore SIGINT. */
		if (sigaction(numbers[i], NULL, &before) || before.sa_handler == SIG_IGN)
			continue;
		sigaction(numbers[i], &action, NULL);
		sigaddset(&blocked, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &old);
	for (i = 0; i < count; i++)
		sigdelset(&old, numbers[i]);
	unblocked = old;
}

void screen_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	catch(ends, ARRAY_SIZE(ends));
}

/* === The terminal ========================================================= */

bool screen_usable(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb");
}

static unsigned int bounded(unsigned int size, unsigned int least)
{
	if (size < least)
		return least;
	return size < SIZE_MOST ? size : SIZE_MOST;
}

static unsigned int size_variable(const char *name, unsigned int usual)
{
	const char *value = getenv(name);
	unsigned long size = value ? strtoul(value, NULL, 10) : 0;

	return size && size <= SIZE_MOST ? size : usual;
}

void screen_size(unsigned int *rows, unsigned int *columns)
{
	struct winsize size = { 0 };

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*rows = bounded(size.ws_row ? size.ws_row : size_variable("LINES", ROWS_DEFAULT),
			ROWS_LEAST);
	*columns = bounded(size.ws_col ? size.ws_col :
			   size_variable("COLUMNS", COLUMNS_DEFAULT), COLUMNS_LEAST);
}

/* The next picture is sent completely. */
static void forget_lines(void)
{
	unsigned int i;

	for (i = 0; screen.lines && i < screen.rows; i++)
		free(screen.lines[i]);
	free(screen.lines);
	screen_size(&screen.rows, &screen.columns);
	screen.lines = calloc(screen.rows, sizeof(*screen.lines));
	if (!screen.lines)
		die("out of memory");
	fputs("\033[H\033[J", stdout);
}

static void take_keys(void)
{
	struct termios keys;

	if (!screen.keys)
		return;
	keys = screen.saved;
	keys.c_lflag &= ~(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
}

static void restore(void)
{
	if (screen.active && screen.keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &screen.saved);
}

void screen_begin(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP };

	catch(numbers, ARRAY_SIZE(numbers));
	screen.keys = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &screen.saved);
	screen.active = true;
	atexit(restore);
	take_keys();
	forget_lines();
}

/* The cursor is at the end of the last line of the picture. */
void screen_end(void)
{
	restore();
	screen.active = false;
	putchar('\n');
}

static void suspend(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL }, ours;
	sigset_t stop;

	suspended = 0;
	screen_end();
	fflush(stdout);
	sigaction(SIGTSTP, &usual, &ours);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	/* The process stops here, until SIGCONT. */
	sigprocmask(SIG_BLOCK, &stop, NULL);
	sigaction(SIGTSTP, &ours, NULL);
	screen.active = true;
	take_keys();
}

/* === Pictures ============================================================= */

static char *next_line(const char **text)
{
	size_t length = strcspn(*text, "\n");
	char *line = strndup(*text, length);
	const char *clipped;

	if (!line)
		die("out of memory");
	*text += length + ((*text)[length] == '\n');
	clipped = text_clip(line, screen.columns - 1);
	free(line);
	line = strdup(clipped);
	if (!line)
		die("out of memory");
	return line;
}

static void draw_line(unsigned int row, char *line)
{
	char *shown = screen.lines[row];

	screen.lines[row] = line;
	if (!shown || strcmp(shown, line))
		printf("\033[%u;1H%s\033[K", row + 1, line);
	free(shown);
}

void screen_draw(const char *text)
{
	unsigned int row, last = 0;

	for (row = 0; row < screen.rows; row++) {
		if (*text)
			last = row;
		draw_line(row, next_line(&text));
	}
	printf("\033[%u;%zuH", last + 1, text_columns(screen.lines[last]) + 1);
}

/* === Keys ================================================================= */

static int final_key(char byte, unsigned int number)
{
	switch (byte) {
	case 'A':
		return SCREEN_UP;
	case 'B':
		return SCREEN_DOWN;
	case 'H':
		return SCREEN_HOME;
	case '~':
		if (number == 5)
			return SCREEN_PAGE_UP;
		if (number == 6)
			return SCREEN_PAGE_DOWN;
		return number == 1 || number == 7 ? SCREEN_HOME : 0;
	default:
		return 0;
	}
}

/* A slow line may deliver the bytes of a key one by one. */
static int decode_key(char byte)
{
	static enum { PLAIN, ESCAPE, SEQUENCE } state;
	static unsigned int number;

	if (byte == '\033') {
		state = ESCAPE;
		return 0;
	}
	if (state == PLAIN)
		return (unsigned char)byte;
	if (state == ESCAPE) {
		state = byte == '[' || byte == 'O' ? SEQUENCE : PLAIN;
		number = 0;
		return 0;
	}
	if (byte >= '0' && byte <= '9') {
		number = number < SIZE_MOST ? 10 * number + byte - '0' : number;
		return 0;
	}
	if (byte == ';')
		return 0;
	state = PLAIN;
	return final_key(byte, number);
}

static int read_key(void)
{
	char byte;
	ssize_t got = read(STDIN_FILENO, &byte, 1);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	/* The terminal is closed. */
	return got <= 0 ? SCREEN_QUIT : decode_key(byte);
}

static struct timespec time_left(uint64_t deadline)
{
	struct timespec left = { 0 };
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &left);
	now = left.tv_sec * SECOND + left.tv_nsec;
	now = now < deadline ? deadline - now : 0;
	left.tv_sec = now / SECOND;
	left.tv_nsec = now % SECOND;
	return left;
}

static int pending_signal(void)
{
	if (quit)
		return SCREEN_QUIT;
	if (!suspended && !resized)
		return 0;
	if (suspended && screen.active)
		suspend();
	suspended = 0;
	resized = 0;
	if (!screen.active)
		return 0;
	forget_lines();
	return SCREEN_REDRAW;
}

int screen_wait(uint64_t deadline)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec left;
	int event, ready;

	do {
		left = time_left(deadline);
		/* Signals are delivered here, even if no time is left. */
		ready = ppoll(&input, screen.active && screen.keys, &left, &unblocked);
		event = pending_signal();
		if (!event && ready > 0)
			event = read_key();
		else if (!event && !ready)
			event = SCREEN_TIME;
	} while (!event);
	return event;
}
