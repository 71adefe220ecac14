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
OBJCOPY ?= $(CROSS)objcopy

include arch/$(ARCH)/flags.mk

SRC := $(wildcard ldso/*.c ldso/libc/*.c ldso/*.S arch/$(ARCH)/*.c arch/$(ARCH)/*.S)
OBJ := $(addsuffix .o,$(addprefix $(B)/obj/,$(basename $(SRC))))

# No libc, no stack protector (its canary lives in a thread block that does not exist yet) and nothing that a
# program could interpose: every symbol is hidden unless it says otherwise.
CFLAGS ?= -O2 -g
LDSO_CFLAGS = -std=c11 -Wall -Wextra -Werror -ffreestanding -fPIE -fvisibility=hidden \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables \
	$(ARCH_CFLAGS) $(INCLUDES)
INCLUDES = -iquote ldso -iquote arch -iquote arch/$(ARCH) -iquote include
# text: boot.c applies relative relocations only, so none may fall into code. noseparate-code: two segments
# instead of four; mapping each costs a start more than the loader's own work. defs: nothing to look up later.
LDSO_LDFLAGS = -nostdlib -static-pie -Wl,--no-dynamic-linker -Wl,-soname,$(NAME) -Wl,-E -Wl,--hash-style=gnu \
	-Wl,-z,text -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,noseparate-code -Wl,-z,defs \
	-Wl,--build-id -Wl,--fatal-warnings $(addprefix -Wl$(COMMA)--dynamic-list=,$(wildcard ldso/exports.map))
COMMA := ,

ifneq ($(findstring clang,$(CC)),)
TARGET := --target=$(ARCH)-linux-gnu
LDSO_CFLAGS += $(TARGET)
else
# gcc would turn the loop inside memcpy into a call of memcpy.
$(B)/obj/ldso/string.o: LDSO_CFLAGS += -fno-tree-loop-distribute-patterns
endif

# One line a file; V=1 shows the commands, -s nothing.
Q := $(if $(V),,@)
say = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@printf '  %-5s %s\n' $(1) $@)

all: $(B)/ld.so $(B)/$(NAME) $(if $(filter $(HOST),$(ARCH)),ld.so)

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

# Another compiler or other flags, and everything is built again.
FLAGS = $(CC) $(CPPFLAGS) $(CFLAGS) $(LDSO_CFLAGS) $(LDSO_LDFLAGS) $(LDFLAGS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

-include $(OBJ:.o=.d)

# What mmapfd is made of, without the string functions: a hosted program has those already.
MMAPFD_SRC := mmapfd.c image.c sys.c

# Unit tests ask the shipped objects themselves, from a program with a libc. The tests build them when they want them.
$(B)/unit/ldso.a: $(addprefix $(B)/obj/ldso/,$(MMAPFD_SRC:.c=.o) string.o)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^
$(B)/unit/%: tests/unit/%.c tests/unit/check.h $(B)/unit/ldso.a
	$(call say,CC)
	$(Q)$(CC) $(TARGET) -std=c11 -O1 -g -Wall -Wextra -Werror -pthread $(INCLUDES) -iquote tests/unit -o $@ $< $(B)/unit/ldso.a
# Writes the malformed files of either machine.
build/host/malformed-generate: tests/malformed/generate.c
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)gcc -std=c11 -O1 -Wall -Wextra -Werror -o $@ $<

# Test programs are built when a test first wants them; this builds them all.
fixtures:
	$(Q)tests/fixture --all

demo:
	$(Q)examples/demo

check:
	$(Q)tests/check

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
	install -D -m 644 include/mmapfd.h $(DESTDIR)$(PREFIX)/include/mmapfd.h
	$(foreach page,$(MAN),install -D -m 644 $(page) \
		$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page));)

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
	@echo 'make fuzz            fuzz mmapfd for TIME=60 seconds with libFuzzer and AFL++'
	@echo 'make lint            clang-tidy, cppcheck, shellcheck, clang-format'
	@echo 'make install         PREFIX=/usr/local, LIBDIR=PREFIX/lib, DESTDIR='
	@echo 'make fixtures man clean'

.PHONY: all fixtures demo check lint fuzz man install clean print-flags print-mmapfd-src help FORCE
.DELETE_ON_ERROR:
