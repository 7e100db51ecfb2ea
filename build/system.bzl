"""@system: which versions of the tools outside of Bazel's sight are installed.

Bazel tracks neither /usr/bin/riscv64-unknown-elf-gcc nor QEMU. What depends on
@system//:versions is built or tested anew when one is upgraded. The check runs
when the Bazel server starts.
"""

_PROGRAMS = [
    "riscv64-unknown-elf-gcc",
    "riscv64-unknown-elf-ld",
    "qemu-system-riscv64",
    "mke2fs",
]

def _system_impl(ctx):
    lines = []
    for program in _PROGRAMS:
        path = ctx.which(program)
        if not path:
            lines.append("%s: not installed" % program)
            continue
        r = ctx.execute([path, "-V" if program == "mke2fs" else "--version"])
        lines.append("%s: %s" % (path, (r.stdout + r.stderr).split("\n")[0]))
    r = ctx.execute(["riscv64-unknown-elf-gcc", "--specs=picolibc.specs", "-E", "-dM", "-include", "picolibc.h", "-xc", "/dev/null"])
    version = [line for line in r.stdout.split("\n") if "PICOLIBC_VERSION__ " in line or "_PICOLIBC_VERSION " in line]
    lines.append("picolibc: " + (version[0] if version else "not installed"))
    ctx.file("versions.txt", "\n".join(lines) + "\n")
    ctx.file("BUILD", """filegroup(
    name = "versions",
    srcs = ["versions.txt"],
    visibility = ["//visibility:public"],
)
""")

system = repository_rule(
    implementation = _system_impl,
    environ = ["PATH"],
    local = True,
)
