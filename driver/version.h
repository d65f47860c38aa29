/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The version of the modules, of libcarveout, of the pages and of the packages. All other
 * files take it from here.
 */
#ifndef CARVEOUT_VERSION_H
#define CARVEOUT_VERSION_H

#define CARVEOUT_VERSION	"0.1.0"

#endif /* CARVEOUT_VERSION_H */
