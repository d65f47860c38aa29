// SPDX-License-Identifier: GPL-2.0
/*
 * carveout doctor of a build without libfdt.
 */
#include <errno.h>

#include "doctor.h"
#include "report.h"

bool doctor_reads_trees(void)
{
	return false;
}

int doctor_tree(struct doctor *doctor, const char *path)
{
	(void)doctor;
	complain(path, 0, "this command was built without libfdt, which reads device trees");
	return -EOPNOTSUPP;
}
