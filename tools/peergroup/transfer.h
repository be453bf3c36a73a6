/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verbs of "peergroup identity" that need a password.
 */
#ifndef PEERGROUP_TRANSFER_H
#define PEERGROUP_TRANSFER_H

int identity_export(int argc, char **argv);
int identity_import(int argc, char **argv);

#endif /* PEERGROUP_TRANSFER_H */
