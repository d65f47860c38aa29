/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Exit codes of the carveout command, and exit after an error.
 */
#ifndef EXIT_H
#define EXIT_H

#include "compiler.h"

/* Exit codes. */
#define DONE		0
#define FAILED		1
#define MISUSED		2
#define FAULTY		3
/* Of a command that runs another one, as of a shell. */
#define NOT_RUN		126
#define NOT_FOUND	127

/**
 * die() - Report an error and exit
 * @fmt: the error
 */
void __noreturn __printf(1, 2)
die(const char *fmt, ...);

#endif /* EXIT_H */
