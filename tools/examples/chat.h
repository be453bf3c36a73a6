/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of peer-chat share. peer-chat.c has the events, the commands and who is
 * here, chat_messages.c what is said to all, chat_private.c what is said to one.
 */
#ifndef EXAMPLES_CHAT_H
#define EXAMPLES_CHAT_H

#include <stdbool.h>
#include "common.h"
#include "people.h"

#define TEXT_MAX	1024	/* bytes of a message, whoever wrote it */

extern HGROUP group;
extern unsigned int hours;	/* that a message is kept */

/* A line about something, or about a call that failed. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_failed(const char *what, HRESULT hr);

/* Where somebody here takes direct connections, "ADDRESS PORT\n"..., to be freed; or NULL. */
char *addresses_of(const struct person *who);

/* ---- chat_messages.c ---- */

extern const GUID message_type;

/*
 * Publish a record for so many seconds, or as long as the membership; PeerGroupAddRecord()
 * says how it went.
 */
HRESULT publish(PEER_RECORD *record, uint32_t seconds, GUID *id);

/* A text of others, cut where it is too long; to be freed. */
char *shown_text(const void *data, size_t size);

/* A line without what drives a terminal, which is not said to others, either; to be freed. */
char *cleaned(const char *line);

void send_message(char *text);
void show_message(const GUID *id);
/* The last @max of all messages, and all that have the text in them. */
void show_latest(size_t max);
void show_history(const char *text);

/* ---- chat_private.c ---- */

extern const GUID private_type, answer_type;

/* "NAME TEXT": it is sent by what follows. */
void send_private(char *argument);
/* Do what can be done; whether messages are on their way. */
bool work_outbox(void);
void take_connection(const PEER_EVENT_CONNECTION_CHANGE_DATA *change);
void take_data(const PEER_EVENT_INCOMING_DATA *in);

#endif
