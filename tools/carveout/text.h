/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text for display: sizes, names of attributes and owners, and untrusted text
 * made safe to print.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

/*
 * The functions that return a string keep the last TEXT_SLOTS of them: enough
 * for one call of printf().
 */
#define TEXT_SLOTS	16

/**
 * text_format() - printf() into a string that is kept for some time
 * @fmt: the text
 *
 * Return: the text; see TEXT_SLOTS.
 */
__printf(1, 2)
const char *text_format(const char *fmt, ...);

/**
 * text_utf8() - Does the locale use UTF-8?
 *
 * Return: true if it does.
 */
bool text_utf8(void);

/**
 * text_decode() - Decode one UTF-8 character
 * @text: the text, not empty
 * @left: its length
 * @code: returns the character
 *
 * Return: number of bytes of the character, 0 if they are not valid UTF-8.
 */
size_t text_decode(const char *text, size_t left, uint32_t *code);

/**
 * text_columns() - Number of columns of a text on the screen
 * @text: the text, safe except for colours
 *
 * Return: number of characters.
 */
size_t text_columns(const char *text);

/**
 * text_safe() - Make untrusted text safe to print
 * @text: the text, terminated by a zero byte or by its length
 * @length: length of the field that contains it
 *
 * Characters that could control a terminal, hide text or disguise it (control
 * characters, changes of writing direction, bytes that are not characters, and
 * the backslash) are printed as \xNN.
 *
 * Return: the text to print, "-" if it is empty; see TEXT_SLOTS.
 */
const char *text_safe(const char *text, size_t length);

/**
 * text_size() - Format a size
 * @size: the size
 * @bytes: true to show bytes
 *
 * Exact up to five digits of the largest unit that fits, otherwise truncated
 * after two decimals, never rounded up. K is 1024.
 *
 * Return: the text; see TEXT_SLOTS.
 */
const char *text_size(uint64_t size, bool bytes);

/**
 * text_share() - Format a share in percent
 * @part: the part
 * @whole: the whole
 *
 * Return: the text, truncated after one decimal; see TEXT_SLOTS.
 */
const char *text_share(uint64_t part, uint64_t whole);

/**
 * text_attrs() - Format the attributes of a region
 * @attrs: CARVEOUT_ATTR_* bits
 *
 * Return: the names, separated by commas; see TEXT_SLOTS.
 */
const char *text_attrs(uint32_t attrs);

/**
 * text_user() - Name of a user
 * @uid: the user's id
 *
 * Return: the name from the password file, or the number; see TEXT_SLOTS.
 */
const char *text_user(uint32_t uid);

/**
 * text_group() - Name of a group
 * @gid: the group's id
 *
 * Return: the name from the group file, or the number; see TEXT_SLOTS.
 */
const char *text_group(uint32_t gid);

/**
 * text_find_user() - Find a user in the password file
 * @name: name of the user
 * @id: returns its id
 *
 * Return: 0 or -ENOENT.
 */
int text_find_user(const char *name, uint32_t *id);

/**
 * text_find_group() - Find a group in the group file
 * @name: name of the group
 * @id: returns its id
 *
 * Return: 0 or -ENOENT.
 */
int text_find_group(const char *name, uint32_t *id);

/**
 * text_clip() - Shorten a text
 * @text: the text, without colours
 * @columns: maximum number of columns, at least 1
 *
 * Return: the text; if it was longer, it ends with '~'; see TEXT_SLOTS.
 */
const char *text_clip(const char *text, size_t columns);

/**
 * text_parse_size() - Parse a size
 * @text: decimal or 0x number with an optional unit: K, M, G, T or KiB, ...
 * @size: returns the size
 *
 * Return: 0, or -EINVAL or -ERANGE.
 */
int text_parse_size(const char *text, uint64_t *size);

/**
 * text_parse_attrs() - Parse attributes
 * @text: names or 0x numbers, separated by commas
 * @attrs: returns the CARVEOUT_ATTR_* bits
 *
 * Return: 0 or -EINVAL.
 */
int text_parse_attrs(const char *text, uint32_t *attrs);

#endif /* TEXT_H */
