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

# Programs on the disk, and their paths there.
PROGRAMS = {
}

# Directories on the disk that nothing else makes, and their modes.
DIRS = {
    "bin": "0755",
    "home": "0755",
    "tmp": "1777",
}
