#!/usr/bin/env python3
"""bounds.py - writes files that are sound and as large as somebody likes, for tests/18-bounds.bats.

    bounds.py MACHINE CASE COUNT DIRECTORY

MACHINE is x86_64 or aarch64. CASE is one of the functions at the end; each makes DIRECTORY/main, a program without a libc that
exits with status 42 when it runs, and libraries beside it. COUNT is how many there are of what the case is about.
"""
import os
import struct
import sys

EXIT = {  # exit_group(42)
    "x86_64": bytes.fromhex("bf2a000000b8e70000000f05"),
    "aarch64": bytes.fromhex("400580d2c80b80d2010000d4"),
}
NUMBER = {"x86_64": 62, "aarch64": 183}
ABS64 = {"x86_64": 1, "aarch64": 257}
COPY = {"x86_64": 5, "aarch64": 1024}

NEEDED, HASH, STRTAB, SYMTAB, RELA, RELASZ, RELAENT, STRSZ, SYMENT, SONAME = 1, 4, 5, 6, 7, 8, 9, 10, 11, 14
SYMBOLIC, RUNPATH, INIT_ARRAY, INIT_ARRAYSZ = 16, 29, 25, 27
GNU_HASH, VERSYM, VERDEF, VERDEFNUM, VERNEED, VERNEEDNUM = (
    0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF)
AUXILIARY = 0x7FFFFFFD
FLAGS_1, PIE = 0x6FFFFFFB, 0x08000000
PAGE = 0x10000


def gnu_hash(name):
    value = 5381
    for c in name:
        value = (value * 33 + c) & 0xFFFFFFFF
    return value


def sysv_hash(name):
    value = 0
    for c in name:
        value = (value << 4) + c
        value = (value ^ (value >> 24 & 0xF0)) & 0x0FFFFFFF
    return value


class Object:
    """An ELF object. Symbols are (name, is_defined, version index or None, st_other)."""

    def __init__(self, machine):
        self.machine, self.strings, self.offsets = machine, bytearray(b"\0"), {b"": 0}
        self.dynamic, self.symbols, self.references, self.copies = [], [], [], []
        self.is_program = self.has_sysv = False
        self.inits = 0  # entries of DT_INIT_ARRAY
        self.bucket_count = 1
        self.definitions, self.version_needs = [], {}  # names of versions; file: [(name, index)]

    def string(self, text):
        if text not in self.offsets:
            self.offsets[text] = len(self.strings)
            self.strings += text + b"\0"
        return self.offsets[text]

    def tag(self, tag, text):
        self.dynamic.append((tag, self.string(text)))

    def define(self, name, version=None, other=0):
        self.symbols.append((name, True, version, other))

    def refer(self, name, version=None):
        """An undefined symbol, and a word that wants its address."""
        self.symbols.append((name, False, version, 0))
        self.references.append(self.symbols[-1])

    def write(self, path):
        # Undefined ones first, as DT_GNU_HASH wants it; the others by bucket.
        undefined = [s for s in self.symbols if not s[1]]
        defined = [s for s in self.symbols if s[1]]
        count = self.bucket_count
        hashes = {id(s): gnu_hash(s[0]) for s in defined}
        defined.sort(key=lambda s: hashes[id(s)] % count)
        symbols = undefined + defined
        number = {id(s): i + 1 for i, s in enumerate(symbols)}
        has_versions = any(s[2] is not None for s in symbols)

        code_at = 64 + 56 * 4
        body = bytearray(EXIT[self.machine])
        place = lambda: code_at + len(body)
        align = lambda n: body.extend(b"\0" * (-place() % n))
        dynamic = list(self.dynamic)
        align(8)
        dynamic += [(SYMTAB, place()), (SYMENT, 24)]
        body += struct.pack("<IBBHQQ", 0, 0, 0, 0, 0, 0)
        for name, is_defined, _, other in symbols:
            body += struct.pack("<IBBHQQ", self.string(name), 0x11, other, 1 if is_defined else 0,
                                code_at if is_defined else 0, 8)
        if has_versions:
            dynamic.append((VERSYM, place()))
            body += struct.pack("<H", 0)
            for s in symbols:
                body += struct.pack("<H", 1 if s[2] is None else s[2])
            align(4)
        if self.has_sysv:
            dynamic.append((HASH, place()))
            buckets, chains = [0] * count, [0] * (len(symbols) + 1)
            for s in reversed(defined):
                b = sysv_hash(s[0]) % count
                chains[number[id(s)]] = buckets[b]
                buckets[b] = number[id(s)]
            body += struct.pack("<II", count, len(chains))
            body += struct.pack("<%dI" % count, *buckets) + struct.pack("<%dI" % len(chains), *chains)
        else:
            align(8)
            dynamic.append((GNU_HASH, place()))
            first = len(undefined) + 1
            body += struct.pack("<IIIIQ", count, first, 1, 6, 0xFFFFFFFFFFFFFFFF)
            buckets, chain = [0] * count, []
            for i, s in enumerate(defined):
                b = hashes[id(s)] % count
                is_last = i + 1 == len(defined) or hashes[id(defined[i + 1])] % count != b
                buckets[b] = buckets[b] or first + i
                chain.append(hashes[id(s)] & ~1 | is_last)
            body += struct.pack("<%dI" % count, *buckets) + struct.pack("<%dI" % len(chain), *chain)
        if self.definitions:
            align(8)
            dynamic += [(VERDEF, place()), (VERDEFNUM, len(self.definitions))]
            for i, name in enumerate(self.definitions):
                is_last = i + 1 == len(self.definitions)
                body += struct.pack("<HHHHIII", 1, 0, i + 2, 1, sysv_hash(name), 20, 0 if is_last else 28)
                body += struct.pack("<II", self.string(name), 0)
        if self.version_needs:
            align(8)
            dynamic += [(VERNEED, place()), (VERNEEDNUM, len(self.version_needs))]
            for k, (file, needs) in enumerate(self.version_needs.items()):
                is_last = k + 1 == len(self.version_needs)
                body += struct.pack("<HHIII", 1, len(needs), self.string(file), 16,
                                    0 if is_last else 16 + 16 * len(needs))
                for i, (name, index) in enumerate(needs):
                    body += struct.pack("<IHHII", sysv_hash(name), 0, index, self.string(name),
                                        0 if i + 1 == len(needs) else 16)
        align(8)
        rela_count = len(self.references) + len(self.copies) + self.inits
        dynamic += [(RELA, place()), (RELASZ, 24 * rela_count), (RELAENT, 24)] if rela_count else []
        rela_at = place()
        body.extend(b"\0" * (24 * rela_count))
        dynamic += [(STRTAB, place()), (STRSZ, len(self.strings))]
        body += self.strings

        data_off = code_at + len(body) + PAGE - 1 & ~(PAGE - 1)
        data_at = data_off + PAGE
        dynamic_len = 16 * (len(dynamic) + 4)
        words_at = data_at + dynamic_len
        rela = bytearray()
        for i, s in enumerate(self.references):
            rela += struct.pack("<QQq", words_at + 8 * i, number[id(s)] << 32 | ABS64[self.machine], 0)
        for s in self.copies:
            rela += struct.pack("<QQq", words_at, number[id(s)] << 32 | COPY[self.machine], 0)
        init_at = words_at + 8 * len(self.references)
        for i in range(self.inits):
            rela += struct.pack("<QQq", init_at + 8 * i, number[id(symbols[0])] << 32 | ABS64[self.machine], 0)
        body[rela_at - code_at:rela_at - code_at + len(rela)] = rela
        if self.inits:
            dynamic += [(INIT_ARRAY, init_at), (INIT_ARRAYSZ, 8 * self.inits)]
        if self.is_program:
            dynamic.append((FLAGS_1, PIE))
        data = b"".join(struct.pack("<qQ", *entry) for entry in dynamic).ljust(dynamic_len, b"\0")
        data += bytes(8 * (len(self.references) + self.inits + 1))
        header = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack(
            "<HHIQQQIHHHHHH", 3, NUMBER[self.machine], 1, code_at if self.is_program else 0, 64, 0, 0, 64, 56, 4, 0, 0, 0)
        header += struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, code_at + len(body), code_at + len(body), PAGE)
        header += struct.pack("<IIQQQQQQ", 1, 6, data_off, data_at, data_at, len(data), len(data), PAGE)
        header += struct.pack("<IIQQQQQQ", 2, 6, data_off, data_at, data_at, dynamic_len, dynamic_len, 8)
        header += struct.pack("<IIQQQQQQ", 0x6474E551, 6, 0, 0, 0, 0, 0, 16)
        with open(path, "wb") as file:
            file.write((header + body).ljust(data_off, b"\0") + data)


class Maker:
    def __init__(self, machine, count, directory):
        self.machine, self.count, self.directory = machine, count, directory
        self.main = self.object()
        self.main.is_program = True
        self.main.tag(RUNPATH, b"$ORIGIN")

    def object(self):
        return Object(self.machine)

    def write(self, o, name):
        o.write(os.path.join(self.directory, name))

    def library(self):
        self.main.tag(NEEDED, b"liba.so")
        return self.object()

    def names(self):
        return [b"name_%d" % i for i in range(self.count)]

    def alike(self):
        """Names of the same length whose hashes are all the same: bA and ab are worth the same to DT_GNU_HASH."""
        bits = max(1, (self.count - 1).bit_length())
        return [b"".join(b"bA" if i >> k & 1 else b"ab" for k in range(bits)) for i in range(self.count)]

    # ---- needs ----

    def needs_same(self):
        """One library needed many times."""
        self.write(self.object(), "liba.so")
        for _ in range(self.count):
            self.main.tag(NEEDED, b"liba.so")

    def needs_links(self):
        """One library needed by many names."""
        self.write(self.object(), "liba.so")
        for i in range(self.count):
            os.link(os.path.join(self.directory, "liba.so"), os.path.join(self.directory, "lib%d.so" % i))
            self.main.tag(NEEDED, b"lib%d.so" % i)

    def needs_missing(self):
        """Many libraries that are not there, for a listing."""
        self.main.dynamic = []
        for i in range(self.count):
            self.main.tag(NEEDED, b"lib%d.so" % i)

    def filtees(self):
        """The same object before many filters, or rather one that says so many times."""
        self.write(self.object(), "liba.so")
        for _ in range(self.count):
            self.main.tag(AUXILIARY, b"liba.so")

    def chain(self):
        """Each library needs the next."""
        for i in range(self.count):
            o = self.object()
            o.tag(RUNPATH, b"$ORIGIN")
            if i + 1 < self.count:
                o.tag(NEEDED, b"lib%d.so" % (i + 1))
            self.write(o, "lib%d.so" % i)
        self.main.tag(NEEDED, b"lib0.so")

    def chain_broken(self):
        """The same, and the last needs one that is not there."""
        self.chain()
        o = self.object()
        o.tag(NEEDED, b"libmissing.so")
        self.write(o, "lib%d.so" % (self.count - 1))

    def chain_back(self):
        """All are needed by the first, and each by the one that comes behind it."""
        first = self.object()
        first.tag(RUNPATH, b"$ORIGIN")
        for i in range(1, self.count):
            first.tag(NEEDED, b"lib%d.so" % i)
            o = self.object()
            o.tag(RUNPATH, b"$ORIGIN")
            if i > 1:
                o.tag(NEEDED, b"lib%d.so" % (i - 1))
            self.write(o, "lib%d.so" % i)
        self.write(first, "lib0.so")
        self.main.tag(NEEDED, b"lib0.so")

    def bindings(self):
        """Many libraries, each of which the first refers to without needing it."""
        first = self.object()
        first.tag(RUNPATH, b"$ORIGIN")
        second = self.object()
        second.tag(RUNPATH, b"$ORIGIN")
        first.tag(NEEDED, b"libz.so")
        for i in range(1, self.count):
            second.tag(NEEDED, b"lib%d.so" % i)
            o = self.object()
            o.define(b"name_%d" % i)
            self.write(o, "lib%d.so" % i)
            first.refer(b"name_%d" % i)
        self.write(second, "libz.so")
        self.write(first, "lib0.so")
        self.main.tag(NEEDED, b"lib0.so")

    # ---- symbols ----

    def define_and_refer(self, names, by, a):
        for name in names:
            a.define(name)
            by.refer(name)
        self.write(a, "liba.so")

    def symbols_gnu(self):
        """All symbols in one chain of DT_GNU_HASH, and a reference to each."""
        self.define_and_refer(self.names(), self.main, self.library())

    def symbols_sysv(self):
        """The same with DT_HASH."""
        a = self.library()
        a.has_sysv = True
        self.define_and_refer(self.names(), self.main, a)

    def symbols_alike(self):
        """Names whose hashes are the same."""
        self.define_and_refer(self.alike(), self.main, self.library())

    def symbols_alike_sysv(self):
        a = self.library()
        a.has_sysv = True
        self.define_and_refer(self.alike(), self.main, a)

    def symbols_absent(self):
        """Weak ones would be legal; what is asked for is in no chain, but for the last."""
        a = self.library()
        for i in range(self.count):
            a.define(b"other_%d" % i)
        self.define_and_refer(self.alike()[:16], self.main, a)

    def own_symbolic(self):
        """A library that prefers its own symbols (DF_SYMBOLIC)."""
        a = self.library()
        a.dynamic.append((SYMBOLIC, 0))
        for name in self.names():
            a.define(name)
            a.references.append(a.symbols[-1])
        self.write(a, "liba.so")

    def own_protected(self):
        """Protected data, for which the program is asked first; all its symbols are in one chain."""
        a = self.library()
        for name in self.names():
            a.define(name, other=3)
            a.references.append(a.symbols[-1])
            self.main.define(b"main_" + name)
        self.write(a, "liba.so")

    def copies(self):
        """COPY relocations, which are looked for one by one."""
        a = self.library()
        for name in self.names():
            a.define(name)
            self.main.define(name)
            self.main.copies.append(self.main.symbols[-1])
        self.write(a, "liba.so")

    # ---- versions ----

    def versions(self):
        """As many versions as there are symbols, defined and needed."""
        a = self.library()
        needs = self.main.version_needs[b"liba.so"] = []
        for i, name in enumerate(self.names()):
            a.definitions.append(b"VERSION_%d" % i)
            a.define(name, version=i + 2)
            needs.append((b"VERSION_%d" % i, i + 2))
            self.main.refer(name, version=i + 2)
        self.write(a, "liba.so")

    def versions_one_name(self):
        """The same, and all symbols have the same name."""
        a = self.library()
        needs = self.main.version_needs[b"liba.so"] = []
        for i in range(self.count):
            a.definitions.append(b"VERSION_%d" % i)
            a.define(b"name", version=i + 2)
            needs.append((b"VERSION_%d" % i, i + 2))
            self.main.refer(b"name", version=i + 2)
        self.write(a, "liba.so")

    def versions_unasked(self):
        """One name in many versions, and one reference that asks for none."""
        a = self.library()
        for i in range(self.count):
            a.definitions.append(b"VERSION_%d" % i)
            a.define(b"name", version=i + 2 | (0x8000 if i else 0))
        self.main.refer(b"name")
        self.write(a, "liba.so")

    # ---- functions ----

    def constructors(self):
        """Constructors that are another library's code; the first ends the process."""
        self.write_constructor()
        self.main.refer(b"init")
        self.main.references = []
        self.main.inits = self.count

    def write_constructor(self):
        a = self.library()
        a.define(b"init")
        self.write(a, "liba.so")


def main():
    machine, case, count, directory = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    maker = Maker(machine, int(count), directory)
    getattr(maker, case)()
    maker.write(maker.main, "main")
    os.chmod(os.path.join(directory, "main"), 0o755)


main()
