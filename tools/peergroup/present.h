/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PEERGROUP_PRESENT_H
#define PEERGROUP_PRESENT_H

/* Prints who is there; an exit code. @arg: the group, as for find_group(). */
int show_present(const char *arg);

#endif /* PEERGROUP_PRESENT_H */
