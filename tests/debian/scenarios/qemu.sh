# An emulator that makes code, with its devices as modules, and one that runs programs with a loader of their own.
qemu-system-x86_64 -version; qemu-system-x86_64 -M help | md5sum; qemu-system-x86_64 -device help 2>&1 | md5sum
printf '\xb8\x41\x0e\xcd\x10\xba\xf8\x03\xb0\x68\xee\xb0\x0a\xee\xba\xf4\x00\xb0\x10\xee\xf4' >code
{ cat code; head -c $((510 - $(stat -c %s code))) /dev/zero; printf '\x55\xaa'; } >disk
timeout 60 qemu-system-x86_64 -accel tcg -display none -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=4 -drive file=disk,format=raw -net none || echo "status $?"
qemu-img create -q -f qcow2 d.qcow2 10M
qemu-img info d.qcow2 | head -n 3
qemu-x86_64 /usr/bin/id -un
