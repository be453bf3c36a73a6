# SPDX-License-Identifier: GPL-2.0-only
#
#   make                    the module, the library and the tools, in build/
#   make module|lib|tools   one of them
#   make examples           whole programs that use the library
#   make docs               the manual pages, and the documents' example programs
#   make install            library, tools and documents (DESTDIR, PREFIX)
#   make modules_install    the module (DESTDIR)
#   make demo               what it does, shown in a virtual machine
#   make check              the tests; check-long for those that take their time
#   make valgrind           the library's and the command's tests, under valgrind
#   make coverage           which lines of the library its tests run
#   make bench              the benchmark
#   make style              what can be said about the sources without running them
#
# The module is built for KDIR, a kernel's build directory; the default is the
# running kernel's, or else that of the newest headers installed.  KERNEL names
# one as selftests/vm/run does: KERNEL=uml, or KERNEL=6.1.0-56-amd64.

PREFIX ?= /usr/local
DESTDIR ?=

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

ifdef KERNEL
# Assigned at once: for uml this builds the kernel, when it is the first time.
KDIR := $(shell selftests/vm/kernel $(KERNEL) | sed -n 's/^kdir=//p')
$(if $(KDIR),,$(error no kernel $(KERNEL) to build for))
endif
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	$(shell ls -d /lib/modules/*/build 2>/dev/null | sort -rV))

# A module for each kernel, side by side.  A user-mode kernel's build directory
# does not know by itself that it is one.
RELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' "$(KDIR)/include/generated/utsrelease.h" 2>/dev/null)
KARCH = $(shell grep -qs '^CONFIG_UML=y' "$(KDIR)/include/config/auto.conf" && echo ARCH=um)
KBUILD = build/kmod-$(RELEASE)
LINKS = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/peergroup

say = @echo "  $(1)"

all: module lib tools

build:
	@mkdir -p build

# $(call prepare_module,sources,directory) and $(call kbuild,directory,targets):
# kbuild writes beside its sources, so it gets links to them in a directory of
# its own.  It cannot stand a space in a path, nor a colon, a percent sign or a
# quote: such a path it sees through a link in a folder that is the user's alone,
# named by a sum so that the next build is incremental.
define prepare_module
	@[ -e "$(KDIR)/Makefile" ] || { \
		echo "no kernel to build for: install its headers (selftests/vm/install-deps build), or set KDIR" >&2; exit 1; }
	@mkdir -p $(2)
	@find -L $(2) -type l -delete
	@cd $(1) && find . -type f \( -name '*.[chS]' -o -name Kbuild \) ! -name '*.mod.c' -printf '%P\n' | \
	while read -r file; do \
		case $$file in */*) mkdir -p "$(CURDIR)/$(2)/$${file%/*}";; esac; \
		[ -e "$(CURDIR)/$(2)/$$file" ] || ln -sf "$(CURDIR)/$(1)/$$file" "$(CURDIR)/$(2)/$$file"; \
	done
endef

define kbuild
	+@dir="$(CURDIR)/$(1)"; \
	case $$dir in *[!A-Za-z0-9/._+-]*) \
		dir="$(LINKS)/path-$$(cksum <<< "$$dir" | cut -d ' ' -f 1)"; \
		mkdir -p "$(LINKS)" && ln -sfnT "$(CURDIR)/$(1)" "$$dir" || exit;; \
	esac; \
	$(MAKE) -C "$(KDIR)" $(KARCH) M="$$dir" $(2)
endef

module: | build
	$(call say,MODULE  for Linux $(RELEASE))
	$(call prepare_module,kmod,$(KBUILD))
	$(call kbuild,$(KBUILD),modules)

# What tests load besides, where the kernel lets them interfere with it.
test_modules: | build module
	@if grep -qsE '^CONFIG_(KPROBES|UML)=y' "$(KDIR)/include/config/auto.conf"; then \
		$(MAKE) KDIR="$(KDIR)" $(KBUILD)/test/pg_fail.ko; fi

$(KBUILD)/test/pg_fail.ko: FORCE
	$(call prepare_module,selftests/modules,$(KBUILD)/test)
	$(call kbuild,$(KBUILD)/test,modules)

# Signing is for who has the key that the kernel trusts, and kbuild's depmod for
# who has the kernel's System.map, which headers come without; it would only complain.
modules_install: module
	$(call kbuild,$(KBUILD),modules_install CONFIG_MODULE_SIG_ALL= cmd_depmod= quiet_cmd_depmod= INSTALL_MOD_PATH="$(DESTDIR)")
	@[ -n "$(DESTDIR)" ] || /sbin/depmod $(RELEASE)

lib: | build
	@[ ! -e libpeergroup/Makefile ] || { echo "  LIB     libpeergroup"; \
		$(MAKE) -C libpeergroup O=../build/libpeergroup all; }

tools: lib
	@[ ! -e tools/Makefile ] || { echo "  TOOLS   peergroup"; \
		$(MAKE) -C tools O=../build/tools all; }

examples: lib
	$(call say,TOOLS   examples)
	@$(MAKE) -C tools O=../build/tools examples

docs: lib
	$(call say,DOCS    Documentation)
	@$(MAKE) -C Documentation O=../build/Documentation all examples

selftests: lib tools
	@$(MAKE) -C selftests O=../build/selftests all

install: lib tools
	@for dir in libpeergroup tools Documentation; do \
		[ ! -e $$dir/Makefile ] || \
		$(MAKE) -C $$dir O=../build/$$dir DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" install || exit; \
	done

clean:
	rm -rf build
	@for link in "$(LINKS)"/path-*; do \
		case $$(readlink "$$link") in "$(CURDIR)"/*) rm -f "$$link";; esac; \
	done

# From here on the targets are for people who have just cloned this: they install
# what is missing first, so all else happens in a make of its own, which finds it.
deps:
	@selftests/vm/install-deps

demo: deps
	@$(MAKE) -j$$(nproc) KERNEL="$(shell selftests/vm/kernel | sed -n 's/^release=//p')" all
	$(call say,TOOLS   for the demo)
	@$(MAKE) -s -C selftests/tools O=../../build/selftests/tools all
	@selftests/vm/run --timeout 900 -- selftests/demo/demo.sh

check: deps
	@selftests/run --build

check-long: deps
	@selftests/vm/install-deps uml fuzz winelib abi valgrind
	@selftests/check-long

valgrind: deps
	@selftests/vm/install-deps uml valgrind
	@selftests/run --build --kernel uml --valgrind api cli examples kmod net threads/test_threads

coverage: deps
	@selftests/vm/install-deps uml
	@$(MAKE) KERNEL=uml all selftests
	@selftests/coverage

bench: deps
	@selftests/vm/install-deps uml
	@$(MAKE) -j$$(nproc) KERNEL=uml all selftests
	@selftests/vm/run --kernel uml --timeout 1200 -- selftests/bench/bench.sh

# Files are named by git so that what lies about is left alone. trace.h is laid out
# as TRACE_EVENT() is everywhere, which checkpatch.pl does not know.
style: deps
	$(call say,SHELLCHECK)
	@git grep -lzE '^#!/bin/(ba|busybox )?sh' -- . | xargs -0 -r shellcheck -x -e SC1091
	$(call say,YAMLLINT)
	@git ls-files -z '*.yaml' '*.yml' | xargs -0 -r yamllint -s -d '{extends: relaxed, rules: {line-length: {max: 100}}}'
	$(call say,CHECKPATCH)
	@checkpatch=$$(ls {"$(KDIR)",/usr/src/linux-*,"$${XDG_CACHE_HOME:-$$HOME/.cache}"/peergroup/linux-source-*}/scripts/checkpatch.pl 2>/dev/null | head -n 1); \
	if [ -n "$$checkpatch" ]; then \
		git ls-files -z 'kmod/*.[ch]' ':!kmod/trace.h' | xargs -0 -r perl "$$checkpatch" -f; \
	else echo "(no kernel sources here that hold checkpatch.pl)"; fi
	$(call say,SPARSE)
	$(call prepare_module,kmod,$(KBUILD))
	$(call kbuild,$(KBUILD),C=2 CF=-D__CHECK_ENDIAN__ modules)

.PHONY: FORCE all module test_modules lib tools examples docs selftests install modules_install clean deps demo \
	check check-long valgrind coverage bench style
