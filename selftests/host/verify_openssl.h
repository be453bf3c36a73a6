/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests may know and change about the user-space pg_verify(). */
#ifndef _VERIFY_OPENSSL_H
#define _VERIFY_OPENSSL_H

#include <stdbool.h>

extern unsigned long verify_calls;	/* signature checks made */
extern void (*verify_hook)(void);	/* called in each, to act as another thread would */
extern bool verify_no_ecdsa;		/* behave as a kernel without ECDSA */

#endif
