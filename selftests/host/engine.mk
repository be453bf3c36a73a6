# SPDX-License-Identifier: GPL-2.0-only
#
# The module's engine files in user space, and their tests: TAP programs that
# need no VM. Included by the Makefile here, which has O and TESTS; also works
# alone:
#	make -f engine.mk O=DIR [check]

ENGINE_DIR	:= $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
ENGINE_KMOD	:= $(ENGINE_DIR)/../../kmod
O		?= $(ENGINE_DIR)/../../build/host

ENGINE_TESTS	:= $(addprefix $(O)/,test_engine_record test_engine_gmc \
		     test_engine_member test_engine_revoke test_engine_clock \
		     test_engine_overlay test_engine_noise test_engine_quota)
# Has verify.c in itself, in the place of what the others have for it.
ENGINE_VERIFY	:= $(O)/test_engine_verify
TESTS		+= $(ENGINE_TESTS) $(ENGINE_VERIFY)

# The other end of test_noise_interop.sh.
TESTS_NEED	+= $(O)/noise_interop

ENGINE_CFLAGS	:= -std=gnu11 -g -O1 -Wall -Wextra -Wno-sign-compare -Wno-unused-parameter \
		   -fsanitize=address,undefined -fno-sanitize-recover=undefined \
		   -fno-omit-frame-pointer -DOPENSSL_SUPPRESS_DEPRECATED \
		   -I$(ENGINE_DIR)/shim -I$(ENGINE_KMOD)
ENGINE_OBJS	:= $(addprefix $(O)/engine/,record.o gmc.o member.o revoke.o reserved.o clock.o overlay.o noise.o \
		     verify_openssl.o)

ifeq ($(words $(MAKEFILE_LIST)),1)
all: $(ENGINE_TESTS) $(ENGINE_VERIFY)
check: engine-check
clean:
	rm -rf $(O)/engine $(ENGINE_TESTS) $(ENGINE_VERIFY)
.PHONY: all check clean
endif

engine-check: $(ENGINE_TESTS) $(ENGINE_VERIFY)
	@set -e; for t in $(ENGINE_TESTS) $(ENGINE_VERIFY); do echo "# $$(basename $$t)"; $$t; done
.PHONY: engine-check

$(O)/engine/%.o: $(ENGINE_KMOD)/%.c | $(O)/engine
	$(CC) $(ENGINE_CFLAGS) -MMD -c -o $@ $<

$(O)/engine/%.o: $(ENGINE_DIR)/%.c | $(O)/engine
	$(CC) $(ENGINE_CFLAGS) -MMD -c -o $@ $<

$(ENGINE_TESTS): $(O)/%: $(O)/engine/%.o $(O)/engine/certs.o $(ENGINE_OBJS)
	$(CC) $(ENGINE_CFLAGS) -o $@ $^ -lcrypto

$(ENGINE_VERIFY): $(O)/engine/test_engine_verify.o $(O)/engine/gmc.o
	$(CC) $(ENGINE_CFLAGS) -o $@ $^ -lcrypto

$(O)/noise_interop: $(O)/engine/noise_interop.o $(O)/engine/noise.o
	$(CC) $(ENGINE_CFLAGS) -o $@ $^ -lcrypto

$(O)/engine:
	mkdir -p $@

# Objects made on the way stay, for the next run.
.SECONDARY: $(O)/engine/noise_interop.o $(O)/engine/test_engine_verify.o \
	$(ENGINE_TESTS:$(O)/%=$(O)/engine/%.o) $(O)/engine/certs.o $(ENGINE_OBJS)

-include $(wildcard $(O)/engine/*.d)
