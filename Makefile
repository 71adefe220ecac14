# mmapfd: builds ./ld.so. `make help` lists the targets.

HOST := $(shell uname -m)
ARCH ?= $(HOST)
B    := build/$(ARCH)
# The name a program's PT_INTERP gives the loader, and its SONAME.
NAME := ld-mmapfd-$(ARCH).so.1

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib

CROSS := $(if $(filter $(HOST),$(ARCH)),,$(ARCH)-linux-gnu-)
ifeq ($(origin CC),default)
CC := $(CROSS)gcc
endif
ifeq ($(origin AR),default)
AR := $(CROSS)ar
endif
ifeq ($(origin LD),default)
LD := $(CROSS)ld
endif
OBJCOPY ?= $(CROSS)objcopy

include arch/$(ARCH)/flags.mk

SRC := $(wildcard ldso/*.c ldso/libc/*.c ldso/*.S arch/$(ARCH)/*.c arch/$(ARCH)/*.S)
OBJ := $(addsuffix .o,$(addprefix $(B)/obj/,$(basename $(SRC))))

# No libc and no stack protector: its canary lives in a thread block that may not exist yet.
CFLAGS ?= -O2 -g
# Frames are small and of a size that no input decides: none can reach over the guard below a stack.
FREESTANDING_CFLAGS = -std=c11 -Wall -Wextra -Wvla -Walloca -Wframe-larger-than=8192 -Werror -ffreestanding -fno-stack-protector $(ARCH_CFLAGS) $(INCLUDES)
# Nothing that a program could interpose: every symbol is hidden unless it says otherwise.
LDSO_CFLAGS = $(FREESTANDING_CFLAGS) -fPIE -fvisibility=hidden -fno-asynchronous-unwind-tables -fno-unwind-tables
INCLUDES = -iquote ldso -iquote arch -iquote arch/$(ARCH) -iquote include
# text: boot.c applies relative relocations only, so none may fall into code. noseparate-code: two segments
# instead of four; mapping each costs a start more than the loader's own work. defs: nothing to look up later.
# sort-section: what is large lies behind what is used (.bss.large).
LDSO_LDFLAGS = -nostdlib -static-pie -Wl,--no-dynamic-linker -Wl,-soname,$(NAME) -Wl,-E -Wl,--hash-style=gnu \
	-Wl,-z,text -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,noseparate-code -Wl,-z,defs -Wl,--sort-section=name \
	-Wl,--build-id -Wl,--fatal-warnings $(addprefix -Wl$(COMMA)--dynamic-list=,$(wildcard ldso/exports.map))
COMMA := ,

ifneq ($(findstring clang,$(CC)),)
TARGET := --target=$(ARCH)-linux-gnu
FREESTANDING_CFLAGS += $(TARGET)
else
# gcc would turn the loop inside memcpy into a call of memcpy.
$(B)/obj/ldso/string.o $(B)/lib/string.o: FREESTANDING_CFLAGS += -fno-tree-loop-distribute-patterns
endif

# What the loader does not refuse although nobody allows it in a start: execstack,textrel,wx (ld.so-mmapfd(8), SECURITY).
ALLOW ?=
ifneq ($(ALLOW),)
LDSO_CFLAGS += -DMMAPFD_ALLOW='"$(ALLOW)"'
endif

# One line a file; V=1 shows the commands, -s nothing.
Q := $(if $(V),,@)
say = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@printf '  %-5s %s\n' $(1) $@)

all: $(B)/ld.so $(B)/$(NAME) $(B)/libmmapfd.a $(B)/libmmapfd.so $(if $(filter $(HOST),$(ARCH)),ld.so)

# The shipped file keeps its symbols, for gdb; what only a debugger reads lies beside it.
$(B)/ld.so: $(B)/ld.so.debug
	$(call say,STRIP)
	$(Q)$(OBJCOPY) --strip-debug --add-gnu-debuglink=$< $< $@.tmp
	$(Q)mv $@.tmp $@

$(B)/ld.so.debug: $(OBJ) $(wildcard ldso/exports.map)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDSO_CFLAGS) $(LDSO_LDFLAGS) $(LDFLAGS) -o $@ $(OBJ)

$(B)/$(NAME): $(B)/ld.so
	$(Q)ln -f $< $@

ld.so: $(B)/ld.so
	$(Q)ln -sf $< $@

$(B)/obj/%.o: %.c $(B)/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDSO_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/%.o: %.S $(B)/flags
	$(call say,AS)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDSO_CFLAGS) -MMD -MP -c -o $@ $<

# libmmapfd: the loader's own sources from mmapfd.c down, and lib/errno.c. In the archive they are one object whose
# other symbols are local, so that a program's memcpy stays its libc's. The shared library names no libc that it
# needs: see lib/errno.c.
# MMAPFD_SRC is what a hosted program can compile itself, with sanitizers say.
MMAPFD_SRC := mmapfd.c image.c aout.c reservation.c sys.c
MMAPFD_OBJ := $(patsubst %.c,$(B)/lib/%.o,$(MMAPFD_SRC) mmapfd_explain.c print.c string.c)
MMAPFD_API := mmapfd_raw mmapfd_segments mmapfd_explain
LIB_CFLAGS = $(FREESTANDING_CFLAGS) -fPIC -ffunction-sections -fdata-sections

$(MMAPFD_OBJ): $(B)/lib/%.o: ldso/%.c $(B)/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LIB_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/lib/errno.o: lib/errno.c $(B)/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TARGET) $(CPPFLAGS) $(CFLAGS) -std=c11 -Wall -Wextra -Werror -fPIC -iquote include -MMD -MP -c -o $@ $<

$(B)/lib/core.o: $(MMAPFD_OBJ)
	$(Q)$(LD) -r --gc-sections $(MMAPFD_API:%=-u %) -o $@ $^
	$(Q)$(OBJCOPY) $(MMAPFD_API:%=--keep-global-symbol=%) $@

$(B)/libmmapfd.a: $(B)/lib/core.o $(B)/lib/errno.o
	$(call say,AR)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(B)/libmmapfd.so.1: $(MMAPFD_OBJ) $(B)/lib/errno.o lib/mmapfd.map
	$(call say,LD)
	$(Q)$(CC) $(TARGET) -shared -nostdlib -Wl,-soname,$(@F) -Wl,--version-script=lib/mmapfd.map -Wl,--gc-sections \
		-Wl,-Bsymbolic-functions -Wl,-z,text -Wl,-z,relro -Wl,-z,noexecstack -Wl,--hash-style=gnu -Wl,--build-id -Wl,--fatal-warnings \
		$(LDFLAGS) -o $@ $(MMAPFD_OBJ) $(B)/lib/errno.o

$(B)/libmmapfd.so: $(B)/libmmapfd.so.1
	$(Q)ln -sf $(<F) $@

# Another compiler or other flags, and everything is built again.
FLAGS = $(CC) $(CPPFLAGS) $(CFLAGS) $(LDSO_CFLAGS) $(LIB_CFLAGS) $(LDSO_LDFLAGS) $(LDFLAGS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

-include $(OBJ:.o=.d) $(MMAPFD_OBJ:.o=.d) $(B)/lib/errno.d

# Unit tests ask the shipped library, from programs with either libc. The tests build them when they want them.
UNIT_CFLAGS = -std=c11 -O1 -g -Wall -Wextra -Werror -pthread $(INCLUDES) -iquote tests/unit
UNIT_HEADERS = $(wildcard tests/unit/*.h)
MUSL_CC = $(if $(CROSS),$(B)/musl-gcc,musl-gcc)
$(B)/unit-glibc/%: tests/unit/%.c $(UNIT_HEADERS) $(B)/libmmapfd.a
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TARGET) $(UNIT_CFLAGS) -o $@ $< $(B)/libmmapfd.a
$(B)/unit-musl/%: tests/unit/%.c $(UNIT_HEADERS) $(B)/libmmapfd.a
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSL_CC) $(UNIT_CFLAGS) -o $@ $< $(B)/libmmapfd.a
# These compile the sources of the library themselves, with hooks where they call sys.c.
HOOKED = $(addprefix ldso/,mmapfd.c image.c aout.c reservation.c)
$(B)/unit-glibc/mmapfd_rare: tests/unit/mmapfd_rare.c $(UNIT_HEADERS) $(HOOKED) $(B)/lib/sys.o
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TARGET) $(UNIT_CFLAGS) -o $@ $< $(B)/lib/sys.o
# Examples: programs that use the library, and one in a format that no linker knows.
$(B)/examples/%: examples/%.c $(B)/libmmapfd.a
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TARGET) $(CPPFLAGS) $(CFLAGS) -std=c11 -Wall -Wextra -Werror -I include -o $@ $< $(B)/libmmapfd.a
$(B)/examples/%.aout: examples/%.aout.S examples/aout.lds
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TARGET) -c -o $@.o $<
	$(Q)$(LD) -T examples/aout.lds -o $@.elf $@.o
	$(Q)$(OBJCOPY) -O binary $@.elf $@

# Write the malformed files of either machine.
build/host/malformed-%: tests/malformed/%.c tests/malformed/malformed.h
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)gcc -std=c11 -O1 -Wall -Wextra -Wno-missing-field-initializers -Werror -o $@ $<

# Test programs are built when a test first wants them; this builds them all.
fixtures:
	$(Q)tests/fixture --all

demo:
	$(Q)examples/demo

check:
	$(Q)tests/check

# Runs the programs of many Debian packages under the loader, in build/debian/root (8 GB; less than an hour).
check-debian: all
	$(Q)tests/setup check-debian
	$(Q)tests/debian/root
	$(Q)tests/debian/sweep

# Measures against the machine's own loaders; results in build/bench. The quick one takes less than a minute.
bench:
	$(Q)bench/bench all
bench-quick:
	$(Q)bench/bench quick

# The fixtures and some programs under the libcs of other releases, unpacked under build/versions.
check-versions:
	$(Q)tests/versions/run

# A Debian under build/chroot whose loader is ours.
check-chroot:
	$(Q)tests/chroot/run

lint:
	$(Q)tests/lint

# TIME is in seconds, for both fuzzers together.
TIME ?= 60
fuzz:
	$(Q)tests/fuzz/run $(TIME)

# Man pages are scdoc; a page already in roff would be installed as it is.
MAN := $(patsubst man/%.scd,build/man/%,$(wildcard man/*.scd))
build/man/%: man/%.scd
	$(call say,MAN)
	$(Q)mkdir -p $(@D)
	$(Q)scdoc <$< >$@
man: $(MAN)

# The loader goes to LIBDIR under its SONAME: that is the path to give to -Wl,--dynamic-linker or patchelf.
install: all $(MAN)
	install -D -m 755 $(B)/ld.so $(DESTDIR)$(LIBDIR)/$(NAME)
	install -D -m 644 $(B)/libmmapfd.a $(DESTDIR)$(LIBDIR)/libmmapfd.a
	install -D -m 644 $(B)/libmmapfd.so.1 $(DESTDIR)$(LIBDIR)/libmmapfd.so.1
	ln -sf libmmapfd.so.1 $(DESTDIR)$(LIBDIR)/libmmapfd.so
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|' lib/mmapfd.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/mmapfd.pc
	install -D -m 644 include/mmapfd.h $(DESTDIR)$(PREFIX)/include/mmapfd.h
	install -D -m 644 completions/ld-mmapfd.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$(NAME)
	install -D -m 644 completions/_ld-mmapfd $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ld-mmapfd
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/mmapfd docs/mmapfd-vs-mmapobj.md docs/messages.md
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/mmapfd/examples examples/segments.c examples/symbols.c
	$(foreach page,$(MAN),install -D -m 644 $(page) \
		$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page));)
	$(foreach name,$(MMAPFD_API),echo .so man3/mmapfd.3 >$(DESTDIR)$(PREFIX)/share/man/man3/$(name).3;)

clean:
	rm -rf build ld.so

# For scripts: the words a compiler needs to see the sources as we do, and the sources of the primitive.
print-flags:
	@echo '$(CPPFLAGS) $(CFLAGS) $(LDSO_CFLAGS)'
print-mmapfd-src:
	@echo '$(MMAPFD_SRC)'

help:
	@echo 'make                 build ./ld.so; ARCH=aarch64 cross-builds build/aarch64/ld.so'
	@echo 'make demo            run real programs under it'
	@echo 'make check           build and test both architectures; installs what the tests need'
	@echo 'make check-versions  test under the libcs of other Debian releases, fetched by apt'
	@echo 'make check-debian    compare some thousand Debian programs with their native runs; needs root and an hour'
	@echo 'make fuzz            fuzz mmapfd and the loader for TIME=60 seconds with libFuzzer and AFL++'
	@echo 'make bench           measure against the native loaders; bench-quick: under a minute'
	@echo 'make check-chroot    install and use a Debian in build/chroot whose loader we are'
	@echo 'make lint            clang-tidy, cppcheck, shellcheck, clang-format'
	@echo 'make install         PREFIX=/usr/local, LIBDIR=PREFIX/lib, DESTDIR='
	@echo 'make fixtures man clean'

.PHONY: all fixtures demo check check-debian check-versions check-chroot bench bench-quick lint fuzz man install clean print-flags print-mmapfd-src help FORCE
.DELETE_ON_ERROR:
