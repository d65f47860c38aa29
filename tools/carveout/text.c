// SPDX-License-Identifier: GPL-2.0
/*
 * Text for display: sizes, names of attributes and owners, and untrusted text
 * made safe to print.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libcarveout.h>

#include "exit.h"
#include "text.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static const struct {
	uint32_t bit;
	const char *name;
} attr_names[] = {
	{ CARVEOUT_ATTR_CACHED, "cached" },
	{ CARVEOUT_ATTR_WRITECOMBINE, "writecombine" },
	{ CARVEOUT_ATTR_UNCACHED, "uncached" },
	{ CARVEOUT_ATTR_PAGES, "pages" },
	{ CARVEOUT_ATTR_NO_CPU, "no-cpu" },
};

/* Keep a string as long as TEXT_SLOTS promises. */
static const char *keep(char *text)
{
	static char *slots[TEXT_SLOTS];
	static unsigned int next;

	if (!text)
		die("out of memory");
	next = (next + 1) % TEXT_SLOTS;
	free(slots[next]);
	slots[next] = text;
	return text;
}

const char *text_format(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return keep(text);
}

/*
 * The variables are read directly: a static program on a small board has no
 * locale files that setlocale() could load.
 */
bool text_utf8(void)
{
	static const char * const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variables); i++) {
		value = getenv(variables[i]);
		if (value && *value)
			return strcasestr(value, "utf-8") ||
			       strcasestr(value, "utf8");
	}
	return false;
}

size_t text_decode(const char *text, size_t left, uint32_t *code)
{
	/* The smallest character that may be encoded in that many bytes. */
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *byte = (const unsigned char *)text;
	size_t length, i;

	if (byte[0] < 0x80)
		length = 1;
	else if (byte[0] >= 0xf0 && byte[0] < 0xf8)
		length = 4;
	else if (byte[0] >= 0xe0)
		length = 3;
	else
		length = 2;
	if (length > left || byte[0] >= 0xf8 || (byte[0] & 0xc0) == 0x80)
		return 0;
	*code = length == 1 ? byte[0] : byte[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (byte[i] & 0x3f);
	}
	if (*code < smallest[length] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return length;
}

/* Characters that move the cursor, reorder or hide text. */
static bool is_treacherous(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad ||
	       code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	       (code >= 0xfff9 && code <= 0xfffb) || code >= 0xe0000;
}

const char *text_safe(const char *text, size_t length)
{
	bool utf8 = text_utf8();
	size_t used = 0, i, n;
	uint32_t code;
	char *safe;

	length = strnlen(text, length);
	if (!length)
		return text_format("-");
	safe = malloc(4 * length + 1);
	for (i = 0; safe && i < length; i += n) {
		n = text_decode(text + i, length - i, &code);
		if (!n || is_treacherous(code) || code == '\\' ||
		    (n > 1 && !utf8)) {
			n = 1;
			used += sprintf(safe + used, "\\x%02x",
					(unsigned char)text[i]);
		} else {
			memcpy(safe + used, text + i, n);
			used += n;
		}
	}
	if (safe)
		safe[used] = '\0';
	return keep(safe);
}

size_t text_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++) {
		if (*text == '\033')
			text += strcspn(text, "m");
		else
			columns += (*text & 0xc0) != 0x80;
	}
	return columns;
}

const char *text_size(uint64_t size, bool bytes)
{
	static const char units[] = "BKMGTPE";
	unsigned int unit = 0;

	if (bytes || !size)
		return text_format("%llu", (unsigned long long)size);
	while (!(size % 1024) && units[unit + 1]) {
		size /= 1024;
		unit++;
	}
	if (size < 100000)
		return text_format("%llu%c", (unsigned long long)size, units[unit]);
	while (size >= 1024 * 1024 && units[unit + 2]) {
		size /= 1024;
		unit++;
	}
	return text_format("%llu.%02llu%c", (unsigned long long)size / 1024,
			   (unsigned long long)size % 1024 * 100 / 1024,
			   units[unit + 1]);
}

const char *text_share(uint64_t part, uint64_t whole)
{
	unsigned int tenths = whole ? 1000.0 * part / whole : 0;

	return text_format("%u.%u%%", tenths / 10, tenths % 10);
}

const char *text_attrs(uint32_t attrs)
{
	char text[80] = "";
	size_t used = 0, i;

	for (i = 0; i < ARRAY_SIZE(attr_names); i++)
		if (attrs & attr_names[i].bit)
			used += sprintf(text + used, "%s%s", used ? "," : "",
					attr_names[i].name);
	if (attrs & CARVEOUT_ATTR_USER_MASK)
		used += sprintf(text + used, "%s0x%x", used ? "," : "",
				attrs & CARVEOUT_ATTR_USER_MASK);
	return text_format("%s", used ? text : "-");
}

/*
 * The files are read directly: getpwuid() would need the shared libraries of
 * the name service in a static program.
 */
const char *text_user(uint32_t uid)
{
	FILE *file = fopen("/etc/passwd", "re");
	const char *name = NULL;
	struct passwd *entry;

	while (file && !name) {
		entry = fgetpwent(file);
		if (!entry)
			break;
		if (entry->pw_uid == uid)
			name = text_safe(entry->pw_name, SIZE_MAX);
	}
	if (file)
		fclose(file);
	return name ? name : text_format("%u", uid);
}

const char *text_group(uint32_t gid)
{
	FILE *file = fopen("/etc/group", "re");
	const char *name = NULL;
	struct group *entry;

	while (file && !name) {
		entry = fgetgrent(file);
		if (!entry)
			break;
		if (entry->gr_gid == gid)
			name = text_safe(entry->gr_name, SIZE_MAX);
	}
	if (file)
		fclose(file);
	return name ? name : text_format("%u", gid);
}

int text_find_user(const char *name, uint32_t *id)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry = NULL;

	while (file && (entry = fgetpwent(file)) && strcmp(entry->pw_name, name))
		;
	if (entry)
		*id = entry->pw_uid;
	if (file)
		fclose(file);
	return entry ? 0 : -ENOENT;
}

int text_find_group(const char *name, uint32_t *id)
{
	FILE *file = fopen("/etc/group", "re");
	struct group *entry = NULL;

	while (file && (entry = fgetgrent(file)) && strcmp(entry->gr_name, name))
		;
	if (entry)
		*id = entry->gr_gid;
	if (file)
		fclose(file);
	return entry ? 0 : -ENOENT;
}

const char *text_clip(const char *text, size_t columns)
{
	const char *end = text;
	size_t used = 0;

	if (text_columns(text) <= columns)
		return text_format("%s", text);
	/* Cut before a character, not inside one. */
	for (; *end; end++) {
		used += (*end & 0xc0) != 0x80;
		if (used == columns)
			break;
	}
	return text_format("%.*s~", (int)(end - text), text);
}

int text_parse_size(const char *text, uint64_t *size)
{
	static const char units[] = "KMGT";
	int base = !strncasecmp(text, "0x", 2) ? 16 : 10;
	unsigned long long value;
	unsigned int shift = 0;
	const char *unit;
	char *end;

	/* strtoull() would accept a sign and leading space. */
	if (base == 10 ? !isdigit((unsigned char)text[0]) :
			 !isxdigit((unsigned char)text[2]))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, base);
	if (errno)
		return -ERANGE;
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (unit) {
		shift = 10 * (unit - units + 1);
		end++;
		if (!strcmp(end, "iB"))
			end += 2;
	}
	if (*end)
		return -EINVAL;
	if (value << shift >> shift != value)
		return -ERANGE;
	*size = value << shift;
	return 0;
}

static uint32_t parse_attr(const char *name, size_t length)
{
	unsigned long long value;
	char *end;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attr_names); i++)
		if (strlen(attr_names[i].name) == length &&
		    !strncmp(name, attr_names[i].name, length))
			return attr_names[i].bit;
	if (length < 3 || strncmp(name, "0x", 2))
		return 0;
	value = strtoull(name, &end, 16);
	if (end != name + length || (value & ~(uint64_t)CARVEOUT_ATTR_MASK))
		return 0;
	return value;
}

int text_parse_attrs(const char *text, uint32_t *attrs)
{
	uint32_t attr;
	size_t length;

	*attrs = 0;
	for (;; text += length + 1) {
		length = strcspn(text, ",");
		attr = parse_attr(text, length);
		if (!attr)
			return -EINVAL;
		*attrs |= attr;
		if (!text[length])
			return 0;
	}
}
