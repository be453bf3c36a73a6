/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the netlink family share: the operations' entry points,
 * for the table in netlink.c, and a few helpers around attributes.
 */
#ifndef _PG_NETLINK_INTERNAL_H
#define _PG_NETLINK_INTERNAL_H

#include <net/genetlink.h>
#include <net/sock.h>
#include "compat.h"
#include "access.h"
#include "credential.h"
#include "group.h"
#include "netlink.h"

#define PG_NL_STAGED_MAX	64	/* staging buffers per user and namespace */

/* Order of pg_nl_mcgrps[]. */
enum {
	PG_NL_MCGRP_EVENTS,
};

extern struct genl_family pg_nl_family;

/* Refuses a request that lacks an attribute, naming it by number and in words. */
#define PG_NL_MISSING(extack, type, what) ({				\
	NL_SET_ERR_ATTR_MISS(extack, NULL, type);			\
	NL_SET_ERR_MSG(extack, "attribute " what " is missing");	\
	-EINVAL;							\
})

/* As NL_SET_ERR_MSG_ATTR(), for a text that is not a literal; it must be static. */
static inline int pg_nl_refuse(struct netlink_ext_ack *extack, const struct nlattr *attr,
			       const char *text, int err)
{
	if (extack) {
		extack->_msg = text;
		NL_SET_BAD_ATTR(extack, attr);
	}
	return err;
}

/* Text of known length, as a string attribute; the NUL is added. */
static inline int pg_nl_put_text(struct sk_buff *skb, int type, const struct pg_span *text)
{
	struct nlattr *attr = nla_reserve(skb, type, text->len + 1);

	if (!attr)
		return -EMSGSIZE;
	memcpy(nla_data(attr), text->p, text->len);
	((char *)nla_data(attr))[text->len] = '\0';
	return 0;
}

/* netlink_access.c */
#define PG_NL_NO_INDEX	"no group of that index"

struct pg_nl_owner {
	kuid_t uid;
	kgid_t gid;
	u16 mode;
};

struct pg_group *pg_nl_group(const struct sk_buff *skb, u8 cmd, struct nlattr **attrs, int type,
			     struct netlink_ext_ack *extack);
const struct cred *pg_nl_cred(const struct sk_buff *skb);
bool pg_nl_capable(const struct sk_buff *skb, int cap);
bool pg_nl_permits(const struct sk_buff *skb, struct pg_group *g, unsigned int needs);
int pg_nl_permitted(const struct sk_buff *skb, struct pg_group *g, u8 cmd,
		    const struct nlattr *attr, struct netlink_ext_ack *extack);
int pg_nl_owner_get(const struct sk_buff *skb, struct pg_group *g, struct nlattr **attrs,
		    struct pg_nl_owner *want, struct netlink_ext_ack *extack);
int pg_nl_owner_put(struct sk_buff *out, const struct sk_buff *skb, struct pg_group *g);

/* pg_nl_group() in an operation, */
static inline struct pg_group *pg_nl_group_of(const struct sk_buff *skb, struct genl_info *info,
					      int type)
{
	return pg_nl_group(skb, info->genlhdr->cmd, info->attrs, type, info->extack);
}

/* and in each step of a dump: what was permitted when it began may not be any more. */
static inline struct pg_group *pg_nl_dump_group(struct netlink_callback *cb, int type)
{
	const struct genlmsghdr *hdr = nlmsg_data(cb->nlh);

	return pg_nl_group(cb->skb, hdr->cmd, pg_dumpit_attrs(cb), type, cb->extack);
}

struct pg_group *pg_nl_dump_again(struct netlink_callback *cb, int type, u64 *of);

/* netlink_group.c */
int pg_nl_group_open(struct sk_buff *skb, struct genl_info *info);
int pg_nl_group_close(struct sk_buff *skb, struct genl_info *info);
int pg_nl_group_set(struct sk_buff *skb, struct genl_info *info);
int pg_nl_group_get(struct sk_buff *skb, struct genl_info *info);
int pg_nl_group_get_start(struct netlink_callback *cb);
int pg_nl_group_get_dump(struct sk_buff *skb, struct netlink_callback *cb);
int pg_nl_group_destroy(struct sk_buff *skb, struct genl_info *info);

/* netlink_limits.c */
extern const struct nla_policy pg_nl_limit_policy[PEERGROUP_A_LIMIT_MAX + 1];

int pg_nl_limits_get(struct pg_limits *limits, const struct nlattr *nest,
		     struct netlink_ext_ack *extack);
int pg_nl_limits_within(const struct pg_limits *limits, const struct pg_limits *allowed,
			const struct nlattr *nest, struct netlink_ext_ack *extack);
void pg_nl_limits_allow(struct pg_limits *allowed, const struct pg_limits *limits,
			const struct nlattr *nest);
int pg_nl_limits_put(struct sk_buff *skb, const struct pg_limits *limits);

/* netlink_stage.c */
int __must_check pg_nl_stage_init(void);
void pg_nl_stage_exit(void);
int pg_nl_record_stage(struct sk_buff *skb, struct genl_info *info);
int pg_nl_record_put(struct sk_buff *skb, struct genl_info *info);

/* What a socket has staged, while somebody works with it. */
struct pg_nl_borrowed {
	struct pg_staged *staged;
	const u8 *bytes;
	u32 len;
};

int pg_nl_stage_borrow(const struct sk_buff *skb, struct genl_info *info,
		       const struct nlattr *group, const struct nlattr *staged,
		       struct pg_nl_borrowed *b);
void pg_nl_stage_return(struct genl_info *info, struct pg_nl_borrowed *b, bool keep);

/* netlink_record.c */
int pg_nl_record_get_start(struct netlink_callback *cb);
int pg_nl_record_get_dump(struct sk_buff *skb, struct netlink_callback *cb);
int pg_nl_record_get_done(struct netlink_callback *cb);

/* netlink_link.c */
struct pg_addr;
int pg_nl_address_get(struct pg_addr *addr, struct genl_info *info);
int pg_nl_address_check(const struct nlattr *attr, struct netlink_ext_ack *extack);
int pg_nl_link_add(struct sk_buff *skb, struct genl_info *info);
int pg_nl_link_del(struct sk_buff *skb, struct genl_info *info);
int pg_nl_link_get_dump(struct sk_buff *skb, struct netlink_callback *cb);
int pg_nl_put_link(struct sk_buff *skb, const struct pg_group *g, const struct pg_link *link,
		   u32 state, int error);

/* netlink_data.c */
int pg_nl_direct_open(struct sk_buff *skb, struct genl_info *info);
int pg_nl_direct_close(struct sk_buff *skb, struct genl_info *info);
int pg_nl_data_send(struct sk_buff *skb, struct genl_info *info);
int pg_nl_data_get_dump(struct sk_buff *skb, struct netlink_callback *cb);
int pg_nl_data_get_done(struct netlink_callback *cb);

/* netlink_status.c */
int pg_nl_member_add(struct sk_buff *skb, struct genl_info *info);
int pg_nl_member_get_start(struct netlink_callback *cb);
int pg_nl_member_get_dump(struct sk_buff *skb, struct netlink_callback *cb);
int pg_nl_stats_get(struct sk_buff *skb, struct genl_info *info);

/* netlink_event.c */
int pg_nl_group_watch(struct sk_buff *skb, struct genl_info *info);
int pg_nl_tell(struct pg_group *g, struct pg_watch *w, struct sk_buff *skb);

/* netlink_password.c */
int pg_nl_password_answer(struct sk_buff *skb, struct genl_info *info);
int pg_nl_password_send(struct sk_buff *skb, struct genl_info *info);

#endif /* _PG_NETLINK_INTERNAL_H */
