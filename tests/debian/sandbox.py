"""Runs one command in the root that tests/debian/root made, natively or with our loader in the native one's place.

The command is an unprivileged user's, in namespaces of its own: its process ids begin anew, it has no network, all it can
write is an empty /tmp, /run and home directory, and whatever it leaves running dies with it.
"""
import os
import resource
import signal
import subprocess
import tempfile
from collections import namedtuple

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOT = os.path.join(TOP, "build/debian/root")
INTERPRETER = "/lib64/ld-linux-x86-64.so.2"
NOBODY = 65534
FILE_LIMIT = 1 << 20  # a program that prints on and on gets SIGXFSZ
TIMED_OUT = "timed out"

Outcome = namedtuple("Outcome", "status out err")


def loader_file(is_ours):
    return os.path.join(TOP, "ld.so") if is_ours else ROOT + "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"


def command(argv, loader, variables):
    """The root's /lib64 is a directory with a link to the loader in libc's. Here it holds a copy of the loader that the
    descriptor has: as interpreter the kernel takes this one, and as a library glibc's own is found where it always is.
    The native runs get such a copy, too, so that it makes no difference."""
    words = ["bwrap", "--unshare-all", "--uid", str(NOBODY), "--gid", str(NOBODY), "--die-with-parent", "--new-session",
             "--ro-bind", ROOT, "/", "--proc", "/proc", "--dev", "/dev",
             "--tmpfs", "/usr/lib64", "--perms", "0755", "--file", str(loader), "/usr" + INTERPRETER,
             "--tmpfs", "/tmp", "--tmpfs", "/run", "--tmpfs", "/var/tmp", "--dir", "/tmp/home", "--dir", "/tmp/work"]
    words += ["--chdir", "/tmp/work", "--clearenv"]
    environment = {"PATH": "/usr/bin:/usr/sbin:/usr/games", "HOME": "/tmp/home", "USER": "nobody", "LOGNAME": "nobody",
                   "LANG": "C.UTF-8", "TZ": "UTC", "TERM": "dumb", "OPENBLAS_NUM_THREADS": "1"}
    for name, value in [*environment.items(), *variables]:
        words += ["--setenv", name, value]
    return words + ["--"] + argv


def become_nobody(file_limit):
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(argv, is_ours, limit, file_limit=FILE_LIMIT, variables=()):
    """An Outcome; its status is the shell's for a signal. The variables are pairs, for the environment."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(loader_file(is_ours), "rb") as loader:
        process = subprocess.Popen(command(argv, loader.fileno(), variables), pass_fds=[loader.fileno()], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   cwd="/", preexec_fn=lambda: become_nobody(file_limit), start_new_session=True)
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = TIMED_OUT
        out.seek(0)
        err.seek(0)
        return Outcome(status, out.read(), err.read())
