"""What the images hold."""

# Servers and the first program, by the names that the kernel and the pager look
# for in the boot archive.
BOOT = {
    "//apps/init": "init",
    "//servers/console": "console",
    "//servers/fs": "fs",
    "//servers/pager": "pager",
    "//servers/proc": "proc",
}

_COREUTILS = [
    "cat",
    "cp",
    "echo",
    "env",
    "false",
    "grep",
    "head",
    "kill",
    "ln",
    "ls",
    "mkdir",
    "mkfifo",
    "mv",
    "poweroff",
    "ps",
    "pwd",
    "rm",
    "rmdir",
    "sleep",
    "sync",
    "touch",
    "true",
    "uname",
    "wc",
]

_MEMORY = [
    "checkpoint",
    "demo",
    "free",
    "mkswap",
    "pagerctl",
    "pmap",
    "squeeze",
    "swapoff",
    "swapon",
    "top",
    "vmstat",
]

# Programs on the disk, and their paths there.
PROGRAMS = {
    "//apps/sh": "bin/sh",
}
PROGRAMS.update([("//apps/coreutils:" + name, "bin/" + name) for name in _COREUTILS])
PROGRAMS.update([("//apps/memory:" + name, "bin/" + name) for name in _MEMORY])

# Directories on the disk that nothing else makes, and their modes.
DIRS = {
    "bin": "0755",
    "dev/shm": "1777",
    "home": "0755",
    "proc": "0555",
    "tmp": "1777",
}
