# SPDX-License-Identifier: MIT
# Targets: all modules lib tools demo check lint accept bench fuzz install uninstall clean help

VERSION := 0.1.0
SOVERSION := 0
BUILD ?= build
PREFIX ?= /usr/local
# The driver's places are fixed; a prefix of one's own is for library and tool
DRIVER ?= $(if $(DESTDIR)$(filter /usr /usr/local,$(PREFIX)),y)
KDIR ?= /lib/modules/$(shell uname -r)/build
SCENE ?=
OUT ?= out

CC := gcc
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wvla
# No fused multiply-add: phantoms and codes are the same on every machine.
BASE := -std=gnu11 -fPIC -fvisibility=hidden -ffp-contract=off -D_GNU_SOURCE \
	-DPSX_VERSION='"$(VERSION)"' -Iinclude -MMD -MP $(WARN)

LIB_PKGS := libudev jansson libpng libtiff-4 cminpack
TOOL_PKGS := jansson libpng
OPT_PKGS := chafa cairo
BENCH_PKGS := liblz4

pkg_cflags = $(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null)
pkg_libs = $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null)
have_pkg = $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo y)

CHAFA := $(call have_pkg,chafa)
CAIRO := $(call have_pkg,cairo)
OPT_CFLAGS := $(if $(CHAFA),-DPSX_HAVE_CHAFA $(call pkg_cflags,chafa)) \
	$(if $(CAIRO),-DPSX_HAVE_CAIRO $(call pkg_cflags,cairo))
OPT_LIBS := $(if $(CHAFA),$(call pkg_libs,chafa)) $(if $(CAIRO),$(call pkg_libs,cairo))

CODEC_SRC := $(wildcard kmod/codec/*.c)
MODEL_SRC := $(wildcard kmod/model/*.c)
LIB_SRC := $(wildcard lib/*.c lib/sim/*.c lib/dev/*.c) $(CODEC_SRC) $(MODEL_SRC)
# The tool is built on the public interface, and on how files are written and
# errors worded
TOOL_SRC := $(wildcard tools/psxctl/*.c) lib/output.c lib/error.c
# The model as a PCI device for QEMU, on the library's insides
VFU_SRC := $(filter-out tools/psxvfu/main.c,$(wildcard tools/psxvfu/*.c))
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_AUX := $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c))
# The driver's own tests, for tests/driver/run in a VM: the ABI without the library
DRIVER_SRC := $(wildcard tests/driver/test_*.c)
DRIVER_AUX := $(filter-out $(DRIVER_SRC) tests/driver/abi_layout.c,$(wildcard tests/driver/*.c))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_SO := $(BUILD)/libpsxdet.so.$(SOVERSION)
LIB_A := $(BUILD)/libpsxdet.a
PSXCTL := $(BUILD)/psxctl
PSXVFU := $(BUILD)/psxvfu
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
DRIVER_BIN := $(patsubst tests/driver/%.c,$(BUILD)/driver/%,$(DRIVER_SRC))
PRODUCTS := $(LIB_SO) $(LIB_A) $(PSXCTL) $(PSXVFU)
# Once more, after the set-up that may have brought pkg-config and headers
BUILD_IT = $(MAKE) --no-print-directory -j$(shell nproc)
LIB_LIBS = $(call pkg_libs,$(LIB_PKGS)) -lm -pthread
# Commands are named, not shown; V=1 shows them
ifeq ($(V),)
say = @echo '  $(1)	$@';
else
say =
endif
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

all: setup-build
	@$(BUILD_IT) $(PRODUCTS)

help:
	@echo 'make all        library and tool, into $(BUILD)/'
	@echo 'make lib        libpsxdet only;  make tools: psxctl (needs lib)'
	@echo 'make demo       a radiograph in, pictures and sparse frames out, into $(OUT)/ (SCENE=file)'
	@echo 'make check      all tests;  make lint: static checks'
	@echo 'make check-pci, check-kernels, check-debug, check-host: slower ones'
	@echo 'make accept     a calibrated detector beside the numbers wanted of it (PSX_IMAGES=folder)'
	@echo 'make bench      speed beside memset and memcpy of the same run'
	@echo 'make fuzz       libFuzzer on the decoder and the readers of files (FUZZ_SECONDS=600)'
	@echo 'make install    into PREFIX=$(PREFIX); the driver, too, as docs/host.md says;  make uninstall'
	@echo 'make modules    psxdet.ko and psxdet-mock.ko into $(BUILD)/modules/ (KDIR=headers)'
	@echo 'make clean'

setup-%:
	@scripts/setup $*

lib: setup-build
	@$(BUILD_IT) $(LIB_SO) $(LIB_A)
tools: setup-build
	@$(BUILD_IT) $(PSXCTL) $(PSXVFU)

modules: setup-modules
	@scripts/modules '$(KDIR)' '$(BUILD)/modules'

$(BUILD)/obj/lib/%.o: CPPFLAGS += $(call pkg_cflags,$(LIB_PKGS))
$(BUILD)/obj/tools/%.o: CPPFLAGS += $(call pkg_cflags,$(TOOL_PKGS)) $(OPT_CFLAGS)
$(BUILD)/obj/tests/%.o: CPPFLAGS += $(call pkg_cflags,check $(BENCH_PKGS)) -Ilib -Ikmod -Itests
$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(BASE) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(LIB_A): $(call obj,$(LIB_SRC))
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^

$(LIB_SO): $(call obj,$(LIB_SRC)) lib/libpsxdet.map
	$(call say,LD)$(CC) -shared -Wl,-soname,$(@F) -Wl,--version-script=lib/libpsxdet.map -Wl,-z,defs \
		$(CFLAGS) $(LDFLAGS) $(call obj,$(LIB_SRC)) $(LIB_LIBS) -o $@
	@ln -sf $(@F) $(BUILD)/libpsxdet.so

$(PSXCTL): $(call obj,$(TOOL_SRC)) $(LIB_SO)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(call obj,$(TOOL_SRC)) -L$(BUILD) -lpsxdet \
		-Wl,-rpath,'$$ORIGIN:$$ORIGIN/../lib' $(call pkg_libs,$(TOOL_PKGS)) $(OPT_LIBS) -lm -pthread -o $@

$(PSXVFU): $(call obj,tools/psxvfu/main.c $(VFU_SRC)) $(LIB_A)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIB_LIBS) -o $@

$(BUILD)/tests/test_vfu: $(call obj,$(VFU_SRC))
$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(call obj,$(UNIT_AUX)) $(LIB_A)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(LIB_A) $(call pkg_libs,check) $(LIB_LIBS) -o $@

# One layout for 32- and 64-bit programs: headers alone, so no 32-bit libc is needed
$(BUILD)/driver/abi_layout: tests/driver/abi_layout.c include/uapi/linux/psxdet.h
	@mkdir -p $(@D)
	$(call say,CHECK)$(CC) $(BASE) -MF $@.d -fsyntax-only $< && if [ "$$(uname -m)" = x86_64 ]; then \
		$(CC) $(BASE) -MF $@.d -m32 -I/usr/include/x86_64-linux-gnu -fsyntax-only $<; fi && touch $@

$(BUILD)/driver/%: $(BUILD)/obj/tests/driver/%.o $(call obj,$(DRIVER_AUX) $(CODEC_SRC)) | $(BUILD)/driver/abi_layout
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(call pkg_libs,check) -pthread -o $@

$(BUILD)/same: $(call obj,tests/vm/same.c) $(LIB_A)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIB_LIBS) -o $@

driver-tests: setup-check
	@$(BUILD_IT) $(DRIVER_BIN)

check: setup-check
	@$(BUILD_IT) $(PRODUCTS) $(UNIT_BIN) $(DRIVER_BIN) $(BUILD)/same
	@tests/run $(BUILD)

# Slower rings: all PCI variants; the driver on 6.12; UML, built if need be, after
# proof that its sanitizers bite; an acquisition host
check-pci: export PSX_RINGS = pci-all
check-kernels: export PSX_RINGS = 6.1 6.12
check-debug: export PSX_RINGS = sanitizers uml
check-host: export PSX_RINGS = host
check-pci check-kernels check-debug check-host: check

# Through the environment, where no character of a name means anything
demo: export DEMO_SCENE = $(SCENE)
demo: export DEMO_OUT = $(OUT)
demo: setup-build
	@$(BUILD_IT) $(PRODUCTS)
	@scripts/demo $(BUILD)

lint: setup-lint
	@scripts/lint $(BUILD)

$(BUILD)/bench: $(call obj,$(filter-out tests/bench/accept%.c,$(wildcard tests/bench/*.c))) $(LIB_A)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(call pkg_libs,$(BENCH_PKGS)) $(LIB_LIBS) -o $@

bench: setup-bench
	@$(BUILD_IT) $(BUILD)/bench
	@$(BUILD)/bench

# The physics of a calibrated detector, with the images of the folder PSX_IMAGES
$(BUILD)/accept: $(call obj,$(wildcard tests/bench/accept*.c) tests/unit/letters.c) $(LIB_A)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIB_LIBS) -o $@

accept: setup-build
	@$(BUILD_IT) $(BUILD)/accept
	@$(BUILD)/accept

# Fuzzers are built apart, by clang, with everything they call instrumented.
FUZZ_SECONDS ?= 600
fuzz: setup-fuzz
	@scripts/fuzz $(BUILD) $(FUZZ_SECONDS)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include
	install -m 755 $(PSXCTL) $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(LIB_SO) $(DESTDIR)$(PREFIX)/lib/
	ln -sf $(notdir $(LIB_SO)) $(DESTDIR)$(PREFIX)/lib/libpsxdet.so
	install -m 644 $(LIB_A) $(DESTDIR)$(PREFIX)/lib/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@PRIVATE@|$(LIB_PKGS)|' \
		lib/psxdet.pc.in | install -m 644 /dev/stdin $(DESTDIR)$(PREFIX)/lib/pkgconfig/psxdet.pc
	install -m 644 include/psxdet.h $(DESTDIR)$(PREFIX)/include/
	@[ -z '$(DRIVER)' ] || scripts/driver install $(VERSION) '$(DESTDIR)'
	@[ -n '$(DESTDIR)' ] || ldconfig || echo 'make: install: ldconfig failed; root should run it' >&2

uninstall:
	@[ -z '$(DRIVER)' ] || scripts/driver uninstall $(VERSION) '$(DESTDIR)'
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/psxctl lib/$(notdir $(LIB_SO)) lib/libpsxdet.so \
		lib/$(notdir $(LIB_A)) lib/pkgconfig/psxdet.pc include/psxdet.h)
	@rmdir $(DESTDIR)$(PREFIX)/lib/pkgconfig 2>/dev/null || true
	@[ -n '$(DESTDIR)' ] || ldconfig || true

clean:
	rm -rf $(BUILD) $(OUT)

.PHONY: all help lib tools modules driver-tests check check-pci check-kernels check-debug check-host \
	demo lint accept bench fuzz install uninstall clean
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
