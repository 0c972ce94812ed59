// SPDX-License-Identifier: MIT
/* Goes when the library reads and writes calibrations. */
#include "../../lib/error.h"

#include <errno.h>

struct psx_calibration *psx_calibration_load(const char *path, struct psx_error *err)
{
	return psx_error_null(err, ENOTSUP, "%s: calibrations have no files yet",
			      psx_error_path(path));
}

int psx_calibration_save(const struct psx_calibration *cal, const char *path, struct psx_error *err)
{
	(void)cal;
	return psx_error_set(err, ENOTSUP, "%s: calibrations have no files yet",
			     psx_error_path(path));
}
