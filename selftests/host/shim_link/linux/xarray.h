/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_XARRAY_H
#define _SHIM_LINK_LINUX_XARRAY_H

struct xarray {
	void *unused;
};

#endif
