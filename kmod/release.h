/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* Which version this is: of the module, the library and the command, from here alone. */
#ifndef _PG_RELEASE_H
#define _PG_RELEASE_H

#define PG_RELEASE	"0.5.0"

#endif /* _PG_RELEASE_H */
