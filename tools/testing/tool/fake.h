/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions of the fake driver.
 */
#ifndef FAKE_H
#define FAKE_H

/* The linker redirects calls to __wrap_; __real_ is the original function. */
int __wrap_ioctl(int fd, unsigned long command, ...);
int __real_ioctl(int fd, unsigned long command, ...);

#endif /* FAKE_H */
