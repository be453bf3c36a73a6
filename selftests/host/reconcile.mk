# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of reconcile.c between tables of their own. Included by the Makefile
# here, which has O and TESTS; also works alone:
#	make -f reconcile.mk O=DIR [check]

RECONCILE_DIR	:= $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
O		?= $(RECONCILE_DIR)/../../build/host

RECONCILE_TESTS	:= $(addprefix $(O)/,test_reconcile test_reconcile_hostile)
TESTS		+= $(RECONCILE_TESTS)

RECONCILE_CFLAGS := -std=gnu11 -g -O2 -Wall -Wextra -Wno-sign-compare \
		   -fsanitize=address,undefined -fno-sanitize-recover=undefined \
		   -I$(RECONCILE_DIR)/shim_table -I$(RECONCILE_DIR)/shim \
		   -I$(RECONCILE_DIR)/../../kmod

ifeq ($(words $(MAKEFILE_LIST)),1)
all: $(RECONCILE_TESTS)
check: reconcile-check
clean:
	rm -f $(RECONCILE_TESTS) $(RECONCILE_TESTS:=.d)
.PHONY: all check clean
endif

reconcile-check: $(RECONCILE_TESTS)
	@set -e; for t in $(RECONCILE_TESTS); do echo "# $$(basename $$t)"; $$t; done
.PHONY: reconcile-check

$(RECONCILE_TESTS): $(O)/%: $(RECONCILE_DIR)/%.c
	@mkdir -p $(@D)
	$(CC) $(RECONCILE_CFLAGS) -MMD -MF $@.d -o $@ $<

-include $(wildcard $(RECONCILE_TESTS:=.d))
