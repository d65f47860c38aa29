/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text for people: sizes, names of attributes and owners, and other people's
 * text made safe to show.
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
 * text_format() - printf() into a string that is kept for a while
 * @fmt: the text
 *
 * Return: the text; see TEXT_SLOTS.
 */
__printf(1, 2)
const char *text_format(const char *fmt, ...);

/**
 * text_utf8() - does the locale want UTF-8?
 *
 * Return: true if it does.
 */
bool text_utf8(void);

/**
 * text_decode() - decode one UTF-8 character
 * @text: the text, not empty
 * @left: its length
 * @code: where to put the character
 *
 * Return: number of bytes it takes, 0 when they are not valid UTF-8.
 */
size_t text_decode(const char *text, size_t left, uint32_t *code);

/**
 * text_columns() - number of columns that a text takes on the screen
 * @text: the text, safe but for colours
 *
 * Return: number of characters.
 */
size_t text_columns(const char *text);

/**
 * text_safe() - make other people's text safe to show
 * @text: the text, ended by a zero byte or by its length
 * @length: length of the field that it is in
 *
 * What could command a terminal, hide text or look like something else (control
 * characters, changes of writing direction, bytes that are no characters, and
 * the backslash) is shown as \xNN.
 *
 * Return: the text to print, "-" if there is none; see TEXT_SLOTS.
 */
const char *text_safe(const char *text, size_t length);

/**
 * text_size() - a size for people
 * @size: the size
 * @bytes: true to show bytes
 *
 * Exact up to five digits of the largest unit that fits, otherwise cut after
 * two decimals, never rounded up. K is 1024.
 *
 * Return: the text; see TEXT_SLOTS.
 */
const char *text_size(uint64_t size, bool bytes);

/**
 * text_share() - a share in percent
 * @part: the part
 * @whole: the whole
 *
 * Return: the text, cut after one decimal; see TEXT_SLOTS.
 */
const char *text_share(uint64_t part, uint64_t whole);

/**
 * text_attrs() - attributes of a region
 * @attrs: CARVEOUT_ATTR_* bits
 *
 * Return: the names, with commas; see TEXT_SLOTS.
 */
const char *text_attrs(uint32_t attrs);

/**
 * text_user() - name of a user
 * @uid: the user's id
 *
 * Return: the name that the password file has, or the number; see TEXT_SLOTS.
 */
const char *text_user(uint32_t uid);

/**
 * text_group() - name of a group
 * @gid: the group's id
 *
 * Return: the name that the group file has, or the number; see TEXT_SLOTS.
 */
const char *text_group(uint32_t gid);

/**
 * text_parse_size() - read a size
 * @text: decimal or 0x number with an optional unit: K, M, G, T or KiB, ...
 * @size: where to put it
 *
 * Return: 0, or -EINVAL or -ERANGE.
 */
int text_parse_size(const char *text, uint64_t *size);

/**
 * text_parse_attrs() - read attributes
 * @text: names or 0x numbers with commas between
 * @attrs: where to put the CARVEOUT_ATTR_* bits
 *
 * Return: 0 or -EINVAL.
 */
int text_parse_attrs(const char *text, uint32_t *attrs);

#endif /* TEXT_H */
