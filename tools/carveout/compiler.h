/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Function attributes, under the names that the kernel uses.
 */
#ifndef COMPILER_H
#define COMPILER_H

#define __noreturn	__attribute((__noreturn__))
#define __printf(a, b)	__attribute((__format__(printf, a, b)))

#endif /* COMPILER_H */
